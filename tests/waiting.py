"""Waiting for what happens in other threads and processes."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 20.0
_PAUSE = 0.02


def until(condition: Callable[[], object]) -> None:
    """Wait for what does not take long."""
    wait_for(condition, PATIENCE_SECONDS)


def wait_for(condition: Callable[[], object], seconds: float) -> float:
    """How long it took, if not too long."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(_PAUSE)
    return time.monotonic() - started
