"""Leaving without being missed: told to stop, the service first says that it is not ready.

Load balancers need a moment to notice. Until ``DRAIN_SECONDS`` later requests are still taken; only
then do the listeners close, and what is under way is answered.
"""

import mmap
import os
import signal
from threading import Timer
from types import FrameType
from typing import Any

from django.conf import settings

# One byte that the processes share which gunicorn forks: whoever imports this first is its master.
_told_to_stop = mmap.mmap(-1, 1)


def is_under_way() -> bool:
    """Whether the service has been told to stop."""
    return _told_to_stop[0] != 0


def begin() -> None:
    """Say so, in every process of this service."""
    _told_to_stop[0] = 1


def postpone_stop(arbiter: Any) -> None:
    """Have gunicorn's master drain first when it gets a SIGTERM; a second one stops it at once."""
    master = os.getpid()

    def stop() -> None:
        arbiter.signal(signal.SIGTERM, None)

    def drain(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() != master or is_under_way():
            stop()
            return
        begin()
        timer = Timer(settings.DRAIN_SECONDS, stop)
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, drain)
