"""Removing what has had its time: apps say what, the scheduler and ``just purge`` say when."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

BATCH = 1_000


class Purge(Protocol):
    """Removes at most ``limit`` rows that have had their time by ``now``; returns how many."""

    def __call__(self, *, now: datetime, limit: int) -> int:
        """Remove one batch, in a transaction of its own."""


_purges: dict[str, Purge] = {}


def purges(what: str) -> Callable[[Purge], Purge]:
    """Declare a purge, in the module ``purges`` of an app; ``what`` names the rows for people."""

    def declare(function: Purge) -> Purge:
        _purges[what] = function
        return function

    return declare


def purge(*, now: datetime, goes_on: Callable[[], bool] = lambda: True) -> dict[str, int]:
    """Remove everything that has had its time, batch by batch, while ``goes_on`` says so.

    Returns how many rows of what.

    Raises:
        ExceptionGroup: some failed, after the others have had their turn.
    """
    removed: dict[str, int] = {}
    errors: list[Exception] = []
    for what, function in _purges.items():
        try:
            removed[what] = _purge_all(function, now, goes_on)
        except Exception as error:  # noqa: BLE001  (one bad purge must not end all others)
            errors.append(error)
    if errors:
        raise ExceptionGroup("purges failed", errors)
    return removed


def _purge_all(function: Purge, now: datetime, goes_on: Callable[[], bool]) -> int:
    removed = 0
    while goes_on():
        batch = function(now=now, limit=BATCH)
        removed += batch
        if batch < BATCH:
            break
    return removed
