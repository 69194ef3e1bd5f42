"""Counters with a window: on Redis for all processes together, in memory for one.

Both count alike. A window starts with its first hit; a hit over the limit is refused and not
counted; a hit can be given back while its window lasts.
"""

import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
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

    Every thread has a connection of its own: a pool would cost each request as much as the hit.
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
        self._pool = client.connection_pool
        self._local = threading.local()
        self._hit = client.register_script(_HIT)
        self._give_back = client.register_script(_GIVE_BACK)

    def hit(self, key: str, *, limit: int, window: int) -> Count:
        """Count one more of ``key``, unless there are ``limit`` already in this window."""
        allowed, count, ttl = self._run(self._hit, key, limit, window * 1000)
        return Count(bool(allowed), int(count), int(ttl) / 1000)

    def give_back(self, key: str) -> None:
        """Take one hit back, if there is one."""
        self._run(self._give_back, key)

    def _run(self, script: Script, key: str, *values: int) -> Any:
        """Run a script, which the server knows by its digest unless it has been restarted."""
        name = f"{self._prefix}:{key}"
        try:
            return self._ask("EVALSHA", script.sha, 1, name, *values)
        except redis.exceptions.NoScriptError:
            return self._ask("EVAL", script.script, 1, name, *values)

    def _ask(self, *command: object) -> Any:
        """What the server answers; over a new connection if it has hung up on this thread's.

        A hit that was counted just before the server hung up counts twice.
        """
        connection = self._connection()
        was_open = connection.is_connected
        try:
            return self._exchange(connection, *command)
        except redis.ConnectionError:
            if not was_open:
                raise
            return self._exchange(connection, *command)

    @staticmethod
    def _exchange(connection: Any, *command: object) -> Any:
        connection.send_command(*command)
        return connection.read_response()

    def _connection(self) -> Any:
        owned: _OfAThread | None = getattr(self._local, "owned", None)
        if owned is None:
            connection = self._pool.connection_class(**self._pool.connection_kwargs)
            owned = self._local.owned = _OfAThread(connection)
        return owned.connection


class _OfAThread:
    """A connection that ends with its thread, and does not wait to be found as garbage."""

    def __init__(self, connection: Any) -> None:  # redis leaves it untyped
        self.connection = connection

    def __del__(self) -> None:
        self.connection.disconnect()


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
