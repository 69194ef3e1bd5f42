"""Many threads at the same moment, each on a database connection of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Protocol

from django.db import connection, connections

from backend.testing.client import Answer

PATIENCE_SECONDS = 20.0


class Runs[T](list[T | Exception]):
    """What came of each run, a result or an error, in the order in which they were given."""

    @property
    def results(self) -> list[T]:
        """What the runs gave that succeeded."""
        return [outcome for outcome in self if not isinstance(outcome, Exception)]

    @property
    def errors(self) -> list[Exception]:
        """What the others raised."""
        return [outcome for outcome in self if isinstance(outcome, Exception)]


class Race(Protocol):
    """The type of the fixture ``race``."""

    def __call__[T](self, *functions: Callable[[], T], times: int = 1) -> Runs[T]:
        """Run functions, each so many times, all at the same moment."""


def race[T](*functions: Callable[[], T], times: int = 1) -> Runs[T]:
    """Run functions, each so many times, all at the same moment.

    Every thread connects to the database and is then held until the last one has. The race is over
    when all have ended. A failed assertion is no outcome: it is raised here.

    Raises:
        ValueError: fewer than two runs are no race.
    """
    runs = [function for function in functions for _ in range(times)]
    if len(runs) < 2:  # noqa: PLR2004  (two are the fewest that can race)
        raise ValueError("a race needs two: race(function, times=20) or race(one, another)")
    with _room_for(len(runs)):
        return Runs(at_once([_caught(run) for run in runs], first=_connect))


def at_once[T](
    runs: Sequence[Callable[[], T]], *, first: Callable[[], None] = lambda: None
) -> list[T]:
    """What functions give that begin at the same moment, each in a thread; errors are raised.

    ``first`` is what each thread does before it waits for the others.
    """
    gate = Barrier(len(runs))

    def begin(run: Callable[[], T]) -> T:
        try:
            first()
            gate.wait(PATIENCE_SECONDS)
            return run()
        finally:
            connections.close_all()  # this thread's own

    with ThreadPoolExecutor(len(runs)) as threads:
        return [*threads.map(begin, runs)]


def elsewhere[T](action: Callable[[], T]) -> T:
    """What an action gives in another thread, hence on another connection."""
    return at_once([action])[0]


def outcomes(answers: Iterable[Answer]) -> list[str]:
    """Statuses, and codes where there are any, sorted: who wins a race is chance."""
    return sorted(answer.outcome for answer in answers)


def _connect() -> None:
    connection.ensure_connection()  # of whichever thread this is


def _caught[T](run: Callable[[], T]) -> Callable[[], T | Exception]:
    def caught() -> T | Exception:
        try:
            return run()
        except AssertionError:
            raise
        except Exception as error:  # noqa: BLE001  (it is the outcome)
            return error

    return caught


@contextmanager
def _room_for(threads: int) -> Iterator[None]:
    """A pool of connections that makes no thread wait for another."""
    pool = getattr(connection, "pool", None)
    if pool is None:
        yield
        return
    before = pool.max_size
    pool.resize(pool.min_size, max(before, threads + 1))  # this thread has one, too
    try:
        yield
    finally:
        pool.resize(pool.min_size, before)
