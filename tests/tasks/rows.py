"""Rows of the outbox: made, run, and brought into every state."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from backend.tasks import execution
from backend.tasks.models import State, Task, tasks


def record(state: State = State.WAITING, **fields: Any) -> Task:
    """A task in a state."""
    lease = timezone.now() + timedelta(minutes=1) if state == State.RUNNING else None
    fields = {"name": "tasks.count", "queue": "default", "lease_until": lease} | fields
    return Task.objects.create(state=state, **fields)


def pass_by(task_id: UUID, seconds: float) -> None:
    """Let time pass for one task."""
    row = Task.objects.get(pk=task_id)
    names = ("created_at", "due_at", "publish_at", "lease_until")
    for name in names:
        moment: datetime | None = getattr(row, name)
        if moment is not None:
            setattr(row, name, moment - timedelta(seconds=seconds))
    row.save(update_fields=names)


def run(task_id: UUID) -> Task:
    """Run a task here and now; the row afterwards."""
    execution.run(task_id)
    return Task.objects.get(pk=task_id)


def hurry(task_id: UUID) -> None:
    """Let a task be due."""
    Task.objects.filter(pk=task_id).update(due_at=timezone.now() - timedelta(seconds=1))


def lose(task_id: UUID) -> None:
    """What a relay does with a task whose worker seems to be dead."""
    assert tasks().filter(pk=task_id, state=State.RUNNING).hand_back(error="Its worker died")


def lose_to_another(task_id: UUID) -> None:
    """The same, and another worker has begun with it."""
    lose(task_id)
    assert tasks().claim(task_id)
