"""The door to background work: a task is recorded with the change that causes it."""

from functools import partial
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models.functions import Now

from backend.core.context import request_id
from backend.core.ids import uuid7
from backend.tasks import broker
from backend.tasks.models import NUDGED_WITHIN, Task
from backend.tasks.registry import TaskFunction


def enqueue[**P](task: TaskFunction[P], *args: P.args, **kwargs: P.kwargs) -> UUID:
    """Record a task in the transaction under way, and have it run once that is committed.

    What is rolled back never runs; what is committed runs at least once. Arguments go by keyword.
    Returns the task's id.
    """
    if args:
        msg = f"{task.name} takes its arguments by keyword: they are stored by name"
        raise TypeError(msg)
    row = Task(
        id=uuid7(),
        name=task.name,
        queue=task.queue,
        arguments=orjson.dumps(kwargs).decode(),
        request_id=request_id.get(),
        publish_at=Now() + NUDGED_WITHIN,
    )
    row.save(force_insert=True)
    nudge = partial(broker.publish, row.pk, task.queue, task.time_limit)
    transaction.on_commit(nudge, robust=True)  # committed is committed, whatever the broker says
    return row.pk
