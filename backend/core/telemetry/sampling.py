"""How a process is right now, noted whenever it has answered a request: its pool, its breakers."""

from collections.abc import Iterator
from threading import Lock

from django.db import connection

from backend.core import breaker
from backend.core.telemetry import metrics
from backend.core.telemetry.metrics import Gauge

_noted: dict[tuple[Gauge, str], float] = {}
_lock = Lock()  # of two threads the later look counts, not the later note


def sample(**_: object) -> None:
    """Note what has changed; it seldom has, and looking is cheaper than noting.

    As a receiver it comes after Django's own: the request's connection is back in the pool.
    """
    with _lock:
        for gauge, label, value in _look():
            if _noted.get((gauge, label)) != value:
                _noted[gauge, label] = value
                gauge.set(value, *([label] if label else []))


def _look() -> Iterator[tuple[Gauge, str, float]]:
    yield metrics.breaker_open, "database", breaker.database.is_open
    yield metrics.breaker_open, "redis", breaker.redis.is_open
    yield metrics.breaker_open, "tasks", breaker.tasks.is_open
    pool = getattr(connection, "pool", None)
    if pool is not None:
        stats = pool.get_stats()
        yield metrics.database_pool_limit, "", stats["pool_max"]
        yield metrics.database_pool_size, "", stats["pool_size"]
        yield metrics.database_pool_available, "", stats["pool_available"]
        yield metrics.database_pool_waiting, "", stats["requests_waiting"]
