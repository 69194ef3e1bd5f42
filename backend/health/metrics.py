"""``GET /metrics``: what the processes of this server have counted, for Prometheus alone."""

from collections.abc import Iterator

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from backend.core.errors import Unauthenticated
from backend.core.telemetry import exposition, metrics
from backend.core.telemetry.exposition import Value
from backend.tasks import backlog
from backend.tasks.models import State

_UNCACHED = {"Cache-Control": "no-store"}


@require_safe
def scrape(request: HttpRequest) -> HttpResponse:
    """Answer a scrape; 401 without the token."""
    if not exposition.permits(request.headers.get("Authorization", "")):
        raise Unauthenticated(headers=_UNCACHED)
    text = exposition.render(_read())
    return HttpResponse(text, content_type=exposition.CONTENT_TYPE, headers=_UNCACHED)


def _read() -> list[Value]:
    """What the database tells; where it is away the rest is told all the same."""
    try:
        return [*_backlog(), Value(metrics.scrape_errors, 0)]
    except DatabaseError:
        return [Value(metrics.scrape_errors, 1)]


def _backlog() -> Iterator[Value]:
    for pile in backlog.piles():
        yield Value(metrics.tasks, pile.size, (pile.queue, pile.state))
        if pile.state == State.WAITING:
            late = max(0.0, pile.late.total_seconds())
            yield Value(metrics.outbox_oldest_waiting, late, (pile.queue,))
    for queue, seconds in backlog.served().items():
        yield Value(metrics.queue_last_served, seconds, (queue,))
    yield Value(metrics.scheduler_leads, backlog.is_led())


urlpatterns = [path("metrics", scrape)]
