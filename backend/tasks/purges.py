"""What of the outbox has had its time."""

from datetime import datetime

from django.conf import settings

from backend.tasks.models import State, Task, tasks
from backend.tasks.purging import purges


@purges("done tasks")
def purge_done(*, now: datetime, limit: int) -> int:
    """Remove tasks that were done a while ago."""
    return _purge(State.DONE, before=now - settings.KEEP_TASKS, limit=limit)


@purges("parked tasks")
def purge_parked(*, now: datetime, limit: int) -> int:
    """Remove tasks that were given up and that nobody has cared about for long."""
    return _purge(State.PARKED, before=now - settings.KEEP_PARKED_TASKS, limit=limit)


def _purge(state: State, *, before: datetime, limit: int) -> int:
    old = tasks().filter(state=state, finished_at__lt=before)
    removed, _ = Task.objects.filter(pk__in=old.values("pk")[:limit]).delete()
    return removed
