"""Declaring a task: a function with keyword arguments, known to every worker by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ConfigDict, validate_call

DEFAULT_QUEUE = "default"
ATTEMPTS = 20
TIME_LIMIT_SECONDS = 20
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 2, 600


@dataclass(frozen=True, slots=True)
class TaskFunction[**P]:
    """A task as its app declares it.

    Attributes:
        name: ``app.function``.
        attempts: After so many it is parked.
        time_limit: Seconds after which an attempt is interrupted.
        atomic: Its writes and its completion are one transaction: exactly once, even if killed.
        gives_up_on: Errors after which another try would be no use.
    """

    function: Callable[P, None]
    name: str
    queue: str
    attempts: int
    time_limit: int
    atomic: bool
    gives_up_on: tuple[type[Exception], ...]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call the function, here and now."""
        self.function(*args, **kwargs)

    def run(self, arguments: Mapping[str, Any]) -> None:
        """Call the function with arguments that come from JSON, each turned into its type."""
        _validated(self.function)(**arguments)

    def pause_after(self, attempts: int) -> int:
        """Seconds until the next try: twice as long each time, at most ten minutes."""
        doubled: int = _FIRST_PAUSE_SECONDS * 2 ** min(attempts - 1, 16)
        return min(doubled, _LONGEST_PAUSE_SECONDS)


_tasks: dict[str, TaskFunction[...]] = {}


@cache
def _validated(function: Callable[..., None]) -> Callable[..., None]:
    # Whatever does not fit is told by its name and not by its value: errors are kept and shown.
    return validate_call(config=ConfigDict(hide_input_in_errors=True))(function)


def task[**P](
    *,
    queue: str = DEFAULT_QUEUE,
    attempts: int = ATTEMPTS,
    time_limit: int = TIME_LIMIT_SECONDS,
    atomic: bool = False,
    gives_up_on: tuple[type[Exception], ...] = (),
) -> Callable[[Callable[P, None]], TaskFunction[P]]:
    """Make a task of a function. Its arguments are ids and plain values, by keyword.

    It must be safe to run twice, unless it is ``atomic``: a worker that is killed between the
    effect and its record will be followed by another.
    """

    def declare(function: Callable[P, None]) -> TaskFunction[P]:
        app = function.__module__.split(".")[-2]
        name = f"{app}.{function.__name__}"
        if name in _tasks:
            msg = f"There are two tasks of the name {name}"
            raise ValueError(msg)
        declared = TaskFunction(function, name, queue, attempts, time_limit, atomic, gives_up_on)
        _tasks[name] = declared
        return declared

    return declare


def find(name: str) -> TaskFunction[...] | None:
    """The task of a name; None if no app declares it (any more)."""
    return _tasks.get(name)


def queues() -> set[str]:
    """The names of all queues."""
    return {DEFAULT_QUEUE, *(declared.queue for declared in _tasks.values())}
