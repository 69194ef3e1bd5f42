"""Counters with a window: on Redis for all processes together, in memory for one.

Both count alike. A window starts with its first hit; a hit over the limit is refused and not
counted; a hit can be given back while its window lasts.
"""

import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.05
_SWEEP_AT = 10_000

# One round trip, and nothing between reading and writing.
_HIT = """
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local allowed = 0
if count < tonumber(ARGV[1]) then
    count = redis.call('INCR', KEYS[1])
    allowed = 1
    if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
return {allowed, count, redis.call('PTTL', KEYS[1])}
"""
_GIVE_BACK = """
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then return redis.call('DECR', KEYS[1]) end
return 0
"""


@dataclass(frozen=True, slots=True)
class Count:
    """What a hit found: whether it counts, how many do, and when the window ends, in seconds."""

    allowed: bool
    count: int
    ends_in: float


class Counters(Protocol):
    """Where hits are counted."""

    def hit(self, key: str, *, limit: int, window: int) -> Count:
        """Count one more of ``key``, unless there are ``limit`` already in this window."""

    def give_back(self, key: str) -> None:
        """Take one hit back, if there is one."""


class RedisCounters:
    """Counts for every process that shares the server.

    Raises ``redis.RedisError`` within a few dozen milliseconds where the server is away.
    """

    def __init__(self, url: str, *, prefix: str) -> None:
        client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._prefix = prefix
        self._hit = client.register_script(_HIT)
        self._give_back = client.register_script(_GIVE_BACK)

    def hit(self, key: str, *, limit: int, window: int) -> Count:
        """Count one more of ``key``, unless there are ``limit`` already in this window."""
        allowed, count, ttl = self._hit([f"{self._prefix}:{key}"], [limit, window * 1000])
        return Count(bool(allowed), int(count), int(ttl) / 1000)

    def give_back(self, key: str) -> None:
        """Take one hit back, if there is one."""
        self._give_back([f"{self._prefix}:{key}"])


class MemoryCounters:
    """Counts for this process alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}

    def hit(self, key: str, *, limit: int, window: int) -> Count:
        """Count one more of ``key``, unless there are ``limit`` already in this window."""
        with self._lock:
            now = time.monotonic()
            count, end = self._windows.get(key, (0, 0.0))
            if now >= end or count == 0:
                self._sweep(now)
                count, end = 0, now + window
            allowed = count < limit
            if allowed:
                count += 1
                self._windows[key] = count, end
            return Count(allowed, count, end - now)

    def give_back(self, key: str) -> None:
        """Take one hit back, if there is one."""
        with self._lock:
            count, end = self._windows.get(key, (0, 0.0))
            if count > 0:
                self._windows[key] = count - 1, end

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._windows.clear()

    def _sweep(self, now: float) -> None:
        """Forget ended windows once there are many; a flood of addresses must not fill memory."""
        if len(self._windows) >= _SWEEP_AT:
            self._windows = {
                k: (n, end) for k, (n, end) in self._windows.items() if end > now and n
            }


memory = MemoryCounters()


@cache
def shared() -> RedisCounters | None:
    """The counters that all processes share; None when embedded."""
    if not settings.LIMITS_REDIS_URL:
        return None
    return RedisCounters(settings.LIMITS_REDIS_URL, prefix=settings.LIMITS_KEY_PREFIX)
