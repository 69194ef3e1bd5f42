"""Is every queue served? Not what workers claim: a message goes through the queue and is noted."""

import time
from datetime import timedelta
from threading import Lock

from django.conf import settings
from django.db import connections
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from backend.tasks import registry
from backend.tasks.models import Queue

ASK_EVERY = timedelta(seconds=15)
SILENT_AFTER = timedelta(seconds=60)
_NOTE_EVERY_SECONDS = 5.0

_noted: dict[str, float] = {}
_lock = Lock()


def due() -> list[str]:
    """The queues to be asked now. Of any number of relays one gets a queue."""
    names = registry.queues()
    known = Queue.objects.in_bulk(names)
    Queue.objects.bulk_create([Queue(name=n) for n in names - known.keys()], ignore_conflicts=True)
    overdue = Queue.objects.filter(Q(asked_at__isnull=True) | Q(asked_at__lt=Now() - ASK_EVERY))
    return [name for name in sorted(names) if overdue.filter(pk=name).update(asked_at=Now())]


def answer(queue: str) -> None:
    """What a worker does with a canary."""
    try:
        served(queue)
    finally:
        connections.close_all()


def served(queue: str) -> None:
    """Note that somebody works on a queue; every few seconds is often enough."""
    with _lock:
        now = time.monotonic()
        if now - _noted.get(queue, 0.0) < _NOTE_EVERY_SECONDS:
            return
        _noted[queue] = now
    if not Queue.objects.filter(pk=queue).update(served_at=Now()):
        _noted.pop(queue, None)  # nobody has asked yet: there is no row to note it in


def silent() -> list[str]:
    """The queues that nobody has served for a minute; before the first, since this service runs."""
    known = Queue.objects.filter(served_at__isnull=False)
    is_recent = Q(served_at__gte=Now() - SILENT_AFTER)  # by the database's clock, not by ours
    recently = dict(known.annotate(recent=is_recent).values_list("name", "recent"))
    just_started = timezone.now() - settings.STARTED_AT <= SILENT_AFTER
    return [name for name in sorted(registry.queues()) if not recently.get(name, just_started)]
