"""Redis is paused, killed, or out of memory: the service goes on, and no login is unlimited."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from statistics import median
from typing import Any

import pytest

from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer
from tests.faults.broken_redis import Redis
from tests.service import Service, running
from tests.waiting import wait_for

pytestmark = pytest.mark.postgresql

LOGINS, WORKERS = 10, 2
TRIES = 3
_addresses = count(1)


@pytest.fixture(scope="module")
def service(redis: Redis) -> Iterator[Service]:
    with (
        running(
            **redis.variables,
            RATE_LIMIT_LOGIN=f"{LOGINS}/min",
            RATE_LIMIT_DEFAULT="60/min",
            RATE_LIMIT_LOGIN_FAILURES="5/5min",
            TRUSTED_PROXIES="127.0.0.1",
            GUNICORN_WORKERS=str(WORKERS),
        ) as started,
        started.beside("worker"),
    ):  # somebody has to serve the queues
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


def checks(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.client().get("health/").json["checks"]
    return found


def says(service: Service, status: str) -> bool:
    """Whether every worker says so; connections of their own reach one and the other."""
    answers = [service.client().get("health/") for _ in range(8)]
    assert {answer.status for answer in answers} == {200}
    return {answer.json["status"] for answer in answers} == {status}


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
            # Each part is remembered for a second by itself: the broker may be missed before.
            wait_for(lambda: checks(service)["cache"] == {"status": "down", "latency_ms": None}, 3)
            assert checks(service)["database"]["status"] == "up"
            assert service.client().get("health/ready/").status == 200
            logins(somebody, LOGINS + 2)
        time.sleep(3)
        # A machine that is too busy for a moment is one whose Redis is away for a moment.
        assert any(logins(somebody, LOGINS * 2).count(200) == LOGINS for _ in range(TRIES))
        assert says(service, "healthy")
