"""The tasks of the tests' own process: what waits in the outbox, and running it here and now."""

from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models.functions import Now
from django.test import TestCase

from backend.tasks import execution
from backend.tasks.models import State, Task, tasks
from backend.tasks.registry import TaskFunction


@dataclass(frozen=True)
class Waiting:
    """A task that waits to be run.

    Attributes:
        name: ``app.function``.
        arguments: As JSON has them: ids and times are strings.
    """

    name: str
    arguments: dict[str, Any]


class Tasks:
    """The outbox as the test sees it. What was rolled back is not in it; nothing runs unasked."""

    def waiting(self) -> list[Waiting]:
        """What was enqueued and has not run, the oldest first."""
        rows = tasks().filter(state=State.WAITING).order_by("pk")
        return [Waiting(row.name, orjson.loads(row.arguments)) for row in rows]

    def of(self, task: TaskFunction[...]) -> list[dict[str, Any]]:
        """The arguments with which one task waits, the oldest first."""
        return [each.arguments for each in self.waiting() if each.name == task.name]

    def run(self) -> None:
        """Run what is due, and what that causes.

        Raises:
            AssertionError: a task failed.
        """
        while due := [*tasks().filter(state=State.WAITING, due_at__lte=Now()).order_by("pk")]:
            for task in due:
                # The test's transaction never ends with a commit.
                with TestCase.captureOnCommitCallbacks(execute=True):
                    execution.run(task.pk)
        failed = [*Task.objects.exclude(error="").values_list("name", "error")]
        if failed:
            raise AssertionError(f"tasks failed: {failed}")

    def empty(self) -> None:
        """Forget what waits, without running it."""
        tasks().filter(state=State.WAITING).delete()
