"""Rate limits for the tests: lifted unless a test sets one, and counted from zero in each."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_django import Settings

from backend.core import breaker
from backend.core.limits import counters

PATIENCE_SECONDS = 5.0

type Rate = tuple[int, int]


class Limits:
    """Sets limits by name: so many in so many seconds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def set(self, **rates: Rate | None) -> None:
        """Change the named limits and leave the others."""
        self._settings.RATE_LIMITS = {**self._settings.RATE_LIMITS, **rates}


@contextmanager
def fresh(settings: Settings, *, redis_url: str | None = None) -> Iterator[Limits]:
    """Limits on counters that nobody else uses; ``""`` keeps them in memory."""
    # Half a second of a busy machine must not look like a Redis that is away.
    patience, counters.TIMEOUT_SECONDS = counters.TIMEOUT_SECONDS, PATIENCE_SECONDS
    settings.LIMITS_KEY_PREFIX = f"{settings.LIMITS_KEY_PREFIX}:{secrets.token_hex(6)}"
    if redis_url is not None:
        settings.LIMITS_REDIS_URL = redis_url
    _forget()
    try:
        yield Limits(settings)
    finally:
        counters.TIMEOUT_SECONDS = patience
        _forget()


def _forget() -> None:
    counters.shared.cache_clear()
    counters.memory.clear()
    breaker.redis.succeeded()
