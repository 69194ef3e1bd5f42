"""Redis is paused, killed, or out of memory: the service goes on, and no login is unlimited."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import median

import pytest

from tests import accounts, processes
from tests.accounts import Account
from tests.client import Answer
from tests.servers import Server, ask_redis, redis_client
from tests.service import Service, running

pytestmark = pytest.mark.postgresql

LOGINS, WORKERS = 10, 2
_addresses = count(1)


@dataclass
class Redis:
    """A Redis of our own, to be treated badly."""

    server: Server

    @property
    def process(self) -> processes.Process:
        assert self.server.process
        return self.server.process

    @property
    def pid(self) -> int:
        assert self.process.popen
        return self.process.popen.pid

    @property
    def url(self) -> str:
        return self.server.variables["REDIS_URL"]

    def set_memory(self, limit: str) -> None:
        with redis_client(self.url) as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", limit)

    @contextmanager
    def paused(self) -> Iterator[None]:
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    @contextmanager
    def killed(self) -> Iterator[None]:
        command = self.process.popen.args if self.process.popen else ()
        os.kill(self.pid, signal.SIGKILL)
        assert self.process.popen
        self.process.popen.wait(5)
        try:
            yield
        finally:
            self.process.run(*command)  # type: ignore[misc]  # a sequence, as we gave it
            self.process.wait_for(partial(ask_redis, self.url, origin="started again"))

    @contextmanager
    def full(self) -> Iterator[None]:
        self.set_memory("100kb")  # far less than an empty one takes: every write is refused
        try:
            yield
        finally:
            self.set_memory("0")


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    server = processes.start_redis()
    assert server.process
    try:
        yield Redis(server)
    finally:
        server.process.stop()


@pytest.fixture(scope="module")
def service(redis: Redis) -> Iterator[Service]:
    with running(
        REDIS_URL=redis.url,
        TASKS_REDIS_URL=redis.server.variables["TASKS_REDIS_URL"],
        RATE_LIMIT_LOGIN=f"{LOGINS}/min",
        RATE_LIMIT_DEFAULT="60/min",
        RATE_LIMIT_LOGIN_FAILURES="5/5min",
        TRUSTED_PROXIES="127.0.0.1",
        GUNICORN_WORKERS=str(WORKERS),
    ) as started:
        yield started


@pytest.fixture
def somebody(service: Service) -> Account:
    """Somebody who is logged in, from an address of their own."""
    return accounts.signed_in(service.client())


def new_address() -> dict[str, str]:
    """What makes a caller come from an address that has not been seen."""
    return {"X-Forwarded-For": f"198.51.100.{next(_addresses)}"}


def logins(somebody: Account, times: int) -> list[int]:
    """The statuses of so many logins from one new address."""
    headers = new_address()
    return [somebody.log_in(**headers).status for _ in range(times)]


def says(service: Service, status: str) -> bool:
    """Whether every worker says so; connections of their own reach one and the other."""
    answers = [service.client().get("health/") for _ in range(8)]
    assert {answer.status for answer in answers} == {200}
    return {answer.json["status"] for answer in answers} == {status}


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    """How long it took, if not too long."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - started


@pytest.mark.parametrize("how", ["paused", "killed", "full"])
class TestRedisAway:
    def test_keeps_everybody_working(
        self, redis: Redis, service: Service, somebody: Account, how: str
    ) -> None:
        times: list[float] = []
        with getattr(redis, how)():
            for _ in range(15):
                calls: list[Callable[[], Answer]] = [
                    partial(somebody.log_in, **new_address()),
                    somebody.spend,
                    somebody.me,
                ]
                for call in calls:
                    started = time.perf_counter()
                    answer = call()
                    times.append(time.perf_counter() - started)
                    assert answer.status == 200, answer
        assert median(times) < 0.15
        assert max(times) < 2.0

    def test_leaves_no_login_unlimited(
        self, redis: Redis, service: Service, somebody: Account, how: str
    ) -> None:
        with getattr(redis, how)():
            found = logins(somebody, LOGINS * WORKERS * 2)
        assert {*found} == {200, 429}
        assert LOGINS <= found.count(200) <= LOGINS * (WORKERS + 1)

    def test_leaves_no_guess_unlimited(
        self, redis: Redis, service: Service, somebody: Account, how: str
    ) -> None:
        somebody.password = "wrong horse battery 9"
        with getattr(redis, how)():
            found = logins(somebody, 20)
        assert {*found} == {401, 429}
        assert 5 <= found.count(401) <= 5 * (WORKERS + 1)

    def test_limits_nothing_but_the_way_in(
        self, redis: Redis, service: Service, somebody: Account, how: str
    ) -> None:
        with getattr(redis, how)():
            time.sleep(0.2)
            assert [somebody.me().status for _ in range(90)] == [200] * 90

    def test_is_told_by_health_and_ends_with_exact_limits(
        self, redis: Redis, service: Service, somebody: Account, how: str
    ) -> None:
        wait_for(lambda: says(service, "healthy"), 5)
        with getattr(redis, how)():
            wait_for(lambda: says(service, "degraded"), 3)
            checks = service.client().get("health/").json["checks"]
            assert checks["cache"] == {"status": "down", "latency_ms": None}
            assert checks["database"]["status"] == "up"
            assert service.client().get("health/ready/").status == 200
            logins(somebody, LOGINS + 2)
        time.sleep(3)
        assert logins(somebody, LOGINS * 2).count(200) == LOGINS
        assert says(service, "healthy")
