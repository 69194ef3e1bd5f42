"""A circuit breaker: after a failure everybody is refused at once, and one caller tries again."""

import threading
import time
from collections.abc import Callable

from backend.core.log import logger

RETRY_AFTER_SECONDS = 0.5


class Breaker:
    """Closed while all is well; open for ``retry_after`` seconds after a failure.

    When the time is up, exactly one caller is let through to try. Its success closes the breaker,
    its failure opens it again.
    """

    def __init__(self, retry_after: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._retry_after = retry_after
        self._clock = clock
        self._lock = threading.Lock()
        self._try_again_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether callers are being refused."""
        return self._try_again_at is not None

    def allows(self) -> bool:
        """Whether this caller may try."""
        if self._try_again_at is None:
            return True
        with self._lock:
            now = self._clock()
            if now < self._try_again_at:
                return False
            self._try_again_at = now + self._retry_after
            return True

    def succeeded(self) -> bool:
        """Report a success; True if it closed the breaker."""
        if self._try_again_at is None:
            return False
        with self._lock:
            was_open, self._try_again_at = self._try_again_at is not None, None
            return was_open

    def failed(self) -> bool:
        """Report a failure; True if it opened the breaker."""
        with self._lock:
            was_closed = self._try_again_at is None
            self._try_again_at = self._clock() + self._retry_after
            return was_closed


def report_failure(reason: str) -> None:
    """Open the database's breaker, and say so once."""
    if database.failed():
        logger.bind(reason=reason).error("the database is away")


def report_success() -> None:
    """Close the database's breaker, and say so once."""
    if database.succeeded():
        logger.info("the database is back")


# One per process: what one thread has learnt of an outage, no other thread waits for.
database = Breaker(RETRY_AFTER_SECONDS)
