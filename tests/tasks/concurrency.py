"""Other threads with connections of their own, and waiting for what they do."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

PATIENCE_SECONDS = 20.0


def elsewhere[T](action: Callable[[], T]) -> T:
    """What the action gives in another thread, hence on another connection."""
    return at_once(1, action)[0]


def at_once[T](threads: int, action: Callable[[], T]) -> list[T]:
    """What the action gives in so many threads that start at the same moment."""
    gate = Barrier(threads)

    def run(_: int) -> T:
        gate.wait(PATIENCE_SECONDS)
        try:
            return action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def until(condition: Callable[[], object]) -> None:
    """Wait for what happens elsewhere."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
