"""Running a task: claimed by one worker, then done, tried again, or parked with its error."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import timedelta
from threading import Lock
from uuid import UUID

import orjson
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections, transaction

from backend.core.context import request_id
from backend.core.telemetry import metrics
from backend.core.telemetry.log import logger
from backend.core.telemetry.redaction import Redactor
from backend.tasks import canaries, registry
from backend.tasks.models import Task, TaskQuerySet, tasks
from backend.tasks.registry import TaskFunction

ERROR_LENGTH = 500
SETTLE_SECONDS = 120.0
_PAUSE_SECONDS = 0.2
_ADDRESS = re.compile(r"[^\s<>()'\"]+@[^\s<>()'\"]+")

# The key by which an effect can be told from its repetition; None outside a task.
current_task: ContextVar[UUID | None] = ContextVar("current_task", default=None)

_running: set[UUID] = set()
_lock = Lock()


class LeaseLost(Exception):
    """Another worker has the task by now, which took this one for dead."""


def running() -> list[UUID]:
    """What this process is working on, whose leases it has to keep."""
    with _lock:
        return [*_running]


def run(task_id: UUID) -> None:
    """Run a task, if it is due and nobody else has it. Never raises: all is told to its row."""
    try:
        row = tasks().claim(task_id)
    except (OperationalError, InterfaceError):
        return  # the database is away: the relay brings the task again
    if row is not None:
        with _in_context_of(row):
            try:
                _attempt(row)
            except BaseException:  # noqa: BLE001  (interrupted between an effect and its record)
                _tell_of_loss(row)
            _note(row.queue)


def _attempt(row: Task) -> None:
    started, task = time.perf_counter(), registry.find(row.name)
    if task is None:
        _report(row, started, "parked", tasks_of(row).park, "No app declares this task")
    elif row.attempts > task.attempts:
        _report(row, started, "parked", tasks_of(row).park, "Its worker died, each time")
    else:
        _run(row, task, started)


def _run(row: Task, task: TaskFunction[...], started: float) -> None:
    try:
        with transaction.atomic() if task.atomic else nullcontext():
            task.run(orjson.loads(row.arguments))
            if task.atomic:
                _finish_with_it(row)
    except task.gives_up_on as error:
        _report(row, started, "parked", tasks_of(row).park, describe(error))
    except LeaseLost:
        return
    except BaseException as error:  # noqa: BLE001  (whatever it is, a time limit too: the row must know)
        _failed(row, task, started, error)
    else:
        _report(row, started, "done", None if task.atomic else tasks_of(row).finish)


def _finish_with_it(row: Task) -> None:
    if not tasks_of(row).finish():
        raise LeaseLost


def _failed(row: Task, task: TaskFunction[...], started: float, error: BaseException) -> None:
    if row.attempts >= task.attempts:
        _report(row, started, "parked", tasks_of(row).park, describe(error))
        return
    # Those that failed together do not come back together.
    spread = 1 + row.pk.int % 100 / 500
    pause = timedelta(seconds=task.pause_after(row.attempts) * spread)

    def hand_back(text: str) -> int:
        return tasks_of(row).hand_back(after=pause, error=text)

    _report(row, started, "failed", hand_back, describe(error))


def _report(
    row: Task, started: float, outcome: str, settle: Callable[..., int] | None, *error: str
) -> None:
    """Write the outcome into the row and into one line of the log."""
    if settle is not None and not _settled(lambda: settle(*error)):
        outcome = "outcome unknown"  # the lease runs out, and the task runs again
    seconds = time.perf_counter() - started
    metrics.task_attempts.count(row.name, outcome)
    metrics.task_duration.observe(seconds, row.name)
    level = {"done": "INFO", "failed": "WARNING"}.get(outcome, "ERROR")
    logger.bind(
        task=row.name,
        task_id=str(row.pk),
        queue=row.queue,
        attempt=row.attempts,
        duration_ms=round(seconds * 1000, 1),
        reason=error[0] if error else None,
    ).log(level, f"task {outcome}")


def _tell_of_loss(row: Task) -> None:
    line = logger.bind(task=row.name, task_id=str(row.pk), queue=row.queue, attempt=row.attempts)
    line.opt(exception=True).error("task outcome unknown")  # the lease runs out


def _settled(settle: Callable[[], int]) -> bool:
    """Insist for a while: an effect whose record is lost would be repeated."""
    deadline = time.monotonic() + SETTLE_SECONDS
    try:
        return _insist(settle, deadline)
    except BaseException:  # noqa: BLE001  (the task's time limit: it strikes once, and the task is over)
        return _insist(settle, deadline)


def _insist(settle: Callable[[], int], deadline: float) -> bool:
    while True:
        try:
            return bool(settle())
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                return False
            connections.close_all()  # one that broke meanwhile would never answer again
            time.sleep(_PAUSE_SECONDS)


def _note(queue: str) -> None:
    try:
        canaries.served(queue)
    except (OperationalError, InterfaceError):
        return  # the next attempt notes it


def tasks_of(row: Task) -> TaskQuerySet:
    """The row, as long as this attempt is the current one."""
    return tasks().filter(pk=row.pk, state=row.state, attempts=row.attempts)


def describe(error: BaseException) -> str:
    """An error in words that a row may keep: one line, no secrets, no addresses."""
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    redacted = Redactor(settings.LOGGING["secrets"]).text(text)
    # PostgreSQL takes no NUL and no lone surrogate, and a terminal obeys what is not printable.
    line = "".join(c if c.isprintable() else " " for c in _ADDRESS.sub("[address]", redacted))
    return line[:ERROR_LENGTH]


@contextmanager
def _in_context_of(row: Task) -> Iterator[None]:
    with _lock:
        _running.add(row.pk)
    request, task = request_id.set(row.request_id), current_task.set(row.pk)
    try:
        yield
    finally:
        request_id.reset(request)
        current_task.reset(task)
        with _lock:
            _running.discard(row.pk)
