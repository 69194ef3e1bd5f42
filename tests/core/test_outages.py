"""The database and the cache freeze, go away and come back under a running service."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial

import psycopg
import pytest

from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer
from tests import processes, servers
from tests.core.outage import frozen, seconds_until, stopped, timed
from tests.servers import Server, Unavailable
from tests.service import Service, running

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(180)]

STOPPED_SECONDS = 2.5  # the contract's
FROZEN_SECONDS = 8.0
RECOVERY_SECONDS = 2.0


def start(server: Callable[[], Server]) -> Server:
    """A server of our own, which may be hurt."""
    try:
        return server()
    except Unavailable as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    server = start(processes.start_postgresql)
    yield server
    assert server.process
    server.process.stop()


@pytest.fixture(scope="module")
def redis() -> Iterator[Server]:
    server = start(processes.start_redis)
    yield server
    assert server.process
    server.process.stop()


@pytest.fixture(scope="module")
def service(postgresql: Server, redis: Server) -> Iterator[Service]:
    with running(**postgresql.variables, **redis.variables) as started:
        yield started


@pytest.fixture
def somebody(service: Service) -> Account:
    """Somebody who is signed in; all is well."""
    caller = service.client()
    seconds_until(partial(caller.get, "health/ready/"), status=200)
    return accounts.signed_in(caller)


def away(postgresql: Server, how: str) -> AbstractContextManager[None]:
    if how == "frozen":
        return frozen(postgresql)
    host, port = postgresql.variables["DB_HOST"], postgresql.variables["DB_PORT"]
    return stopped(postgresql, lambda: servers.ask_postgresql(host, port, origin="ours"))


def assert_unavailable(answer: Answer) -> None:
    assert (answer.status, answer.code) == (503, "service_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


class TestDatabaseAway:
    @pytest.mark.parametrize(
        ("how", "limit"), [("stopped", STOPPED_SECONDS), ("frozen", FROZEN_SECONDS)]
    )
    def test_is_503_in_time_and_well_again_soon(
        self, service: Service, somebody: Account, postgresql: Server, how: str, limit: float
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
        self, service: Service, somebody: Account, postgresql: Server
    ) -> None:
        before = len(service.lines())
        with away(postgresql, "stopped"):
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
        self, service: Service, somebody: Account, postgresql: Server
    ) -> None:
        callers = [service.client() for _ in range(12)]

        def me(caller: int) -> Answer:
            return callers[caller].get("users/me/", token=somebody.access)

        with ThreadPoolExecutor(12) as pool:
            for _ in range(3):
                assert {answer.status for answer in pool.map(me, range(12))} == {200}
                assert terminate_all(postgresql) > 0
        assert somebody.me().status == 200


class TestCacheAway:
    @pytest.mark.parametrize("how", ["frozen", "stopped"])
    def test_is_degraded_and_all_else_works(
        self, service: Service, somebody: Account, redis: Server, how: str
    ) -> None:
        url = redis.variables["REDIS_URL"]
        outage = frozen if how == "frozen" else partial(stopped, ask=partial(ask_redis, url))
        health = partial(service.client().get, "health/")
        with outage(redis):
            seconds_until_health(health, wanted="degraded")
            document = health()
            assert document.status == 200
            assert document.json["checks"]["cache"] == {"status": "down", "latency_ms": None}
            assert document.json["checks"]["database"]["status"] == "up"
            assert somebody.me().status == 200
            assert somebody.log_in().status == 200
            assert somebody.spend().status == 200
        assert seconds_until_health(health, wanted="healthy") < 4


def ask_redis(url: str) -> Server:
    return servers.ask_redis(url, origin="ours")


def terminate_all(postgresql: Server) -> int:
    """Hang up on every client of the server and wait for it; how many there were."""
    with psycopg.connect(
        host=postgresql.variables["DB_HOST"],
        port=postgresql.variables["DB_PORT"],
        user="postgres",
        dbname="postgres",
    ) as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
    assert ended
    return int(ended[0])


def seconds_until_health(health: Callable[[], Answer], *, wanted: str) -> float:
    """How long until the document says so, several times in a row as there are two workers."""

    def agreed() -> Answer:
        found = {health().json["status"] for _ in range(4)}
        return Answer(200 if found == {wanted} else 0, {}, b"")

    return seconds_until(agreed, status=200)
