"""PostgreSQL freezes, goes away and comes back, or hangs up, under a running service."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial

import pytest

from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer
from tests.faults.broken_postgresql import PostgreSQL, seconds_until, timed
from tests.faults.broken_redis import Redis
from tests.service import Service, running

pytestmark = pytest.mark.postgresql

STOPPED_SECONDS = 2.5  # the contract's
FROZEN_SECONDS = 8.0
RECOVERY_SECONDS = 2.0


@pytest.fixture(scope="module")
def service(postgresql: PostgreSQL, redis: Redis) -> Iterator[Service]:
    with running(**postgresql.variables, **redis.variables) as started:
        yield started


@pytest.fixture
def somebody(service: Service) -> Account:
    """Somebody who is signed in; all is well."""
    caller = service.client()
    seconds_until(partial(caller.get, "health/ready/"), status=200)
    return accounts.signed_in(caller)


def away(postgresql: PostgreSQL, how: str) -> AbstractContextManager[None]:
    return postgresql.frozen() if how == "frozen" else postgresql.stopped()


def assert_unavailable(answer: Answer) -> None:
    assert (answer.status, answer.code) == (503, "service_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


class TestAway:
    @pytest.mark.parametrize(
        ("how", "limit"), [("stopped", STOPPED_SECONDS), ("frozen", FROZEN_SECONDS)]
    )
    def test_is_503_in_time_and_well_again_soon(
        self, service: Service, somebody: Account, postgresql: PostgreSQL, how: str, limit: float
    ) -> None:
        callers = [service.client() for _ in range(20)]

        def me(caller: int) -> tuple[Answer, float]:
            return timed(partial(callers[caller].get, "users/me/", token=somebody.access))

        with ThreadPoolExecutor(20) as pool:
            assert {answer.status for answer, _ in pool.map(me, range(20))} == {200}
            with away(postgresql, how):
                for _ in range(2):
                    for answer, seconds in pool.map(me, range(20)):
                        assert_unavailable(answer)
                        assert seconds < limit
                caller = callers[0]
                assert caller.get("health/live/").status == 200
                for path in ("health/", "health/ready/"):
                    health, seconds = timed(partial(caller.get, path))
                    assert (health.status, health.json["status"]) == (503, "unhealthy")
                    assert health.json["checks"]["database"] == {
                        "status": "down",
                        "latency_ms": None,
                    }
                    assert health.json["checks"]["cache"]["status"] == "up"
                    assert seconds < 4  # a second per probe at most
            back = partial(caller.get, "users/me/", token=somebody.access)
            assert seconds_until(back, status=200) < RECOVERY_SECONDS
            assert seconds_until(partial(caller.get, "health/"), status=200) < RECOVERY_SECONDS
            again = list(pool.map(me, range(20)))
            assert {answer.status for answer, _ in again} <= {200, 503}
            assert seconds_until(back, status=200) < RECOVERY_SECONDS
        assert somebody.spend().status == 200  # what was acknowledged is there

    def test_is_told_once_and_names_nobody(
        self, service: Service, somebody: Account, postgresql: PostgreSQL
    ) -> None:
        before = len(service.lines())
        with postgresql.stopped():
            for _ in range(5):
                answer = somebody.me()
                assert_unavailable(answer)
                for word in (b"psycopg", b"connection", postgresql.variables["DB_PORT"].encode()):
                    assert word not in answer.body
        seconds_until(somebody.me, status=200)
        said = [line for line in service.lines()[before:] if "the database is away" in line]
        assert 1 <= len([line for line in said if '"level":"ERROR"' in line]) <= 2  # one a worker


class TestTerminatedConnections:
    def test_cost_nothing_while_idle(
        self, service: Service, somebody: Account, postgresql: PostgreSQL
    ) -> None:
        callers = [service.client() for _ in range(12)]

        def me(caller: int) -> Answer:
            return callers[caller].get("users/me/", token=somebody.access)

        with ThreadPoolExecutor(12) as pool:
            for _ in range(3):
                assert {answer.status for answer in pool.map(me, range(12))} == {200}
                assert postgresql.terminate_all().amount > 0
        assert somebody.me().status == 200
