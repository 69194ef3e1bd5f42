"""Probes: one question to one part of the service, limited to a second, asked once a second."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.core import migrations
from backend.core.ids import uuid7
from backend.tasks import canaries

LIMIT_SECONDS = 1.0
CACHED_SECONDS = 1.0

type Status = Literal["up", "degraded", "down"]


@dataclass(frozen=True, slots=True)
class Check:
    """What a probe found; ``latency_ms`` is None when nothing was measured."""

    status: Status
    latency_ms: float | None = None


class Probe:
    """A question that never takes longer than a second and is never asked twice at the same time.

    It is asked in a thread of its own: whoever wants to know waits a second at most, while a
    question stuck in a frozen server keeps nobody but that thread.
    """

    def __init__(self, name: str, ask: Callable[[], Status]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"probe-{name}")
        self._under_way: Future[Check] | None = None
        self._found: tuple[float, Check] | None = None

    def begin(self) -> Check | Future[Check]:
        """Ask, unless the last answer is less than a second old: then it is that."""
        with self._lock:
            now = time.monotonic()
            if self._found is not None and now - self._found[0] < CACHED_SECONDS:
                return self._found[1]
            if self._under_way is None or self._under_way.done():
                self._under_way = self._executor.submit(self._measure)
            return self._under_way

    def check(self) -> Check:
        """What the part answers, at most a second old."""
        asked = self.begin()
        if isinstance(asked, Check):
            return asked
        try:
            return asked.result(timeout=LIMIT_SECONDS)
        except TimeoutError:
            return self._remember(Check("down"))

    def forget(self) -> None:
        """Ask anew at the next check."""
        self._found = None

    def _measure(self) -> Check:
        started = time.perf_counter()
        try:
            status = self._ask()
        except Exception:  # noqa: BLE001  (whatever it is, the part does not work; the text stays here)
            return self._remember(Check("down"))
        return self._remember(Check(status, round((time.perf_counter() - started) * 1000, 2)))

    def _remember(self, found: Check) -> Check:
        self._found = (time.monotonic(), found)
        return found


def _ask_database() -> Status:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        return "up"
    finally:
        connection.close()  # back to the pool


def _ask_cache() -> Status:
    # set and get, not a ping: a Redis that is out of memory still answers pings; and a new key each
    # time: it also still holds what it was given before
    key = f"health:{uuid7()}"
    cache.set(key, "up", timeout=10)
    if cache.get(key) != "up":
        raise ConnectionError
    return "up"


def _ask_tasks() -> Status:
    """The broker answers, and somebody serves every queue.

    The database is asked after its own probe, so that probes need one connection and not two.
    """
    if settings.TASKS_REDIS_URL:
        _ping_broker()
    if database.check().status == "down":
        return "degraded"  # as below
    try:
        return "degraded" if canaries.silent() else "up"
    except DatabaseError:
        return "degraded"  # nobody can work now, but that is the database's fault
    finally:
        connection.close()  # back to the pool


def _ping_broker() -> None:
    with redis.Redis.from_url(
        settings.TASKS_REDIS_URL,
        socket_timeout=0.2,
        socket_connect_timeout=0.2,
        retry=Retry(NoBackoff(), 0),
    ) as client:
        client.ping()


database = Probe("database", _ask_database)
cache_probe = Probe("cache", _ask_cache)
tasks = Probe("tasks", _ask_tasks)
EVERY = {"database": database, "cache": cache_probe, "tasks": tasks}

_migrated = threading.Event()


def migrations_are_applied() -> bool:
    """Whether the database has every migration; once it has, it is not asked again."""
    if not _migrated.is_set() and not migrations.pending():
        _migrated.set()
    return _migrated.is_set()
