"""Waiting for what happens in other processes."""

import time
from collections.abc import Callable

_PAUSE = 0.05


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    """How long it took, if not too long."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(_PAUSE)
    return time.monotonic() - started
