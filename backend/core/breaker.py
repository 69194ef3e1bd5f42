"""A circuit breaker: after a failure everybody is refused at once, and one caller tries again."""

import threading
import time
from collections.abc import Callable

from backend.core.telemetry.log import logger


class Breaker:
    """Closed while all is well; open for ``retry_after`` seconds after a failure.

    When the time is up, exactly one caller is let through to try. Its success closes the breaker,
    its failure opens it again.
    """

    def __init__(
        self, retry_after: float, clock: Callable[[], float] = time.monotonic, name: str = "it"
    ) -> None:
        self._name = name
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
            if now < (self._try_again_at or 0.0):
                return False
            if self._try_again_at is not None:
                self._try_again_at = now + self._retry_after
            return True

    def succeeded(self) -> bool:
        """Report a success; True if it closed the breaker, which is logged."""
        if self._try_again_at is None:
            return False
        with self._lock:
            was_open, self._try_again_at = self._try_again_at is not None, None
        if was_open:
            logger.info(f"{self._name} is back")
        return was_open

    def failed(self, reason: str = "") -> bool:
        """Report a failure; True if it opened the breaker, which is logged."""
        with self._lock:
            was_closed = self._try_again_at is None
            self._try_again_at = self._clock() + self._retry_after
        if was_closed:
            logger.bind(reason=reason).error(f"{self._name} is away")
        return was_closed


# One per process for each server: what one thread has learnt, no other thread waits for.
database = Breaker(retry_after=0.5, name="the database")
redis = Breaker(retry_after=1.0, name="redis")
tasks = Breaker(retry_after=1.0, name="the task broker")
