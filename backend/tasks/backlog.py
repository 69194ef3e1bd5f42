"""How much there is to do, and whether somebody does it: what monitoring reads at every scrape."""

from datetime import timedelta
from itertools import product
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Min
from django.db.models.functions import Now
from django.utils import timezone

from backend.tasks import registry
from backend.tasks.models import Leader, Queue, State, tasks
from backend.tasks.scheduler import ROLE


class Pile(NamedTuple):
    """Tasks of one queue in one state; ``late`` is the oldest's, negative if it is due later."""

    queue: str
    state: str
    size: int
    late: timedelta


def piles() -> list[Pile]:
    """What is not done. Those that are done are many, and nobody's worry."""
    late = ExpressionWrapper(Now() - Min("due_at"), output_field=DurationField())
    # One query a state, joined: each has an index of its rows alone.
    waiting, running, parked = (
        tasks()
        .filter(state=state)
        .values("queue", "state")
        .annotate(size=Count("pk"), late=late)
        .values_list("queue", "state", "size", "late")
        .order_by()
        for state in (State.WAITING, State.RUNNING, State.PARKED)
    )
    found = [Pile(*row) for row in waiting.union(running, parked, all=True).order_by()]
    return [*found, *_empty(found)]


def served() -> dict[str, float]:
    """Seconds since each queue was worked on; if it never was, since this service runs."""
    ago = ExpressionWrapper(Now() - F("served_at"), output_field=DurationField())
    since: dict[str, timedelta | None] = dict(
        Queue.objects.annotate(ago=ago).values_list("name", "ago")
    )
    started = timezone.now() - settings.STARTED_AT
    return {
        name: max(0.0, (since.get(name) or started).total_seconds())
        for name in sorted(registry.queues())
    }


def is_led() -> bool:
    """Whether some scheduler does the timed work."""
    return Leader.objects.filter(pk=ROLE, lease_until__gt=Now()).exists()


def _empty(found: list[Pile]) -> list[Pile]:
    """What is nothing is told too: a line that ends looks as if nobody knew."""
    every = product(sorted(registry.queues()), (State.WAITING, State.RUNNING, State.PARKED))
    told = {(pile.queue, pile.state) for pile in found}
    return [Pile(*which, 0, timedelta()) for which in every if which not in told]
