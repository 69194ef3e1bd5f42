"""What operators do with tasks: look, try again, drop; and what forgetting a person needs."""

from uuid import UUID

import orjson
from django.db.models import Case, IntegerField, Q, Value, When

from backend.core.errors import NotFound
from backend.tasks.models import State, TaskQuerySet, tasks

_ORDER = [State.PARKED, State.RUNNING, State.WAITING]


def open_tasks() -> TaskQuerySet:
    """What is not done: parked first, then running, then waiting; the oldest first."""
    ranks = [When(state=state, then=Value(rank)) for rank, state in enumerate(_ORDER)]
    rank = Case(*ranks, output_field=IntegerField())
    return tasks().open().order_by(rank, "pk")


def retry(task_id: UUID) -> None:
    """Try a parked or waiting task now, with all its attempts before it.

    Raises:
        NotFound: there is no such task that could be tried.
    """
    if not tasks().filter(pk=task_id).retry():
        raise NotFound


def retry_parked() -> int:
    """Try every parked task now. Returns how many."""
    return tasks().filter(state=State.PARKED).retry()


def drop(task_id: UUID) -> None:
    """Remove a task that is neither running nor done.

    Raises:
        NotFound: there is no such task.
    """
    removed, _ = tasks().filter(pk=task_id, state__in=[State.PARKED, State.WAITING]).delete()
    if not removed:
        raise NotFound


def forget(*values: str) -> int:
    """Drop every open task that has one of these among its arguments, such as an address."""
    mentioned = Q(pk__in=[])  # nothing named is nothing dropped
    for value in filter(None, values):
        mentioned |= Q(arguments__contains=orjson.dumps(value).decode())  # in its quotes: all of it
    removed, _ = tasks().open().filter(mentioned).delete()
    return removed
