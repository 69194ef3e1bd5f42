"""Tasks for the tests. They note how they were called; ``act`` is what a test has them do."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from backend.core.context import request_id
from backend.tasks.execution import current_task
from backend.tasks.registry import task

ENDLESS_SECONDS = 30.0


class Colour(StrEnum):
    """One of the types that arguments may have."""

    RED = "red"
    BLUE = "blue"


class Hopeless(Exception):
    """Another try would be no use."""


@dataclass(frozen=True)
class Call:
    """How a task found the world."""

    arguments: dict[str, object]
    task_id: UUID | None
    request_id: str


calls: list[Call] = []
act: Callable[[], object] = lambda: None  # noqa: E731  (tests put another in its place)


def failing(error: BaseException) -> Callable[[], object]:
    """What a task does that fails."""

    def action() -> None:
        raise error

    return action


def _note(**arguments: object) -> None:
    calls.append(Call(arguments, current_task.get(), request_id.get()))
    act()


@task()
def count(*, number: int) -> None:
    """Nothing special."""
    _note(number=number)


@task()
def typed(
    *, whose: UUID, at: datetime, colour: Colour, nothing: str | None, words: list[str]
) -> None:
    """Whatever JSON can carry."""
    _note(whose=whose, at=at, colour=colour, nothing=nothing, words=words)


@task(attempts=3)
def short(*, number: int = 0) -> None:
    """Three tries."""
    _note(number=number)


@task(attempts=3, gives_up_on=(Hopeless,))
def proud() -> None:
    """Does not insist."""
    _note()


@task(attempts=3, atomic=True)
def whole() -> None:
    """All of it or nothing."""
    _note()


@task(time_limit=1)
def endless() -> None:
    """Takes far longer than it may."""
    _note()
    deadline = time.monotonic() + ENDLESS_SECONDS
    while time.monotonic() < deadline:
        pass
