"""PostgreSQL is stopped, hangs up, is used up or locked while requests come in."""

import signal
import time
from collections.abc import Iterator

import pytest

from tests.faults import production
from tests.faults.broken_postgresql import PostgreSQL
from tests.faults.broken_redis import Redis
from tests.faults.crowd import Crowd
from tests.faults.load import Load, Probes, failures, p99, statuses
from tests.faults.memory import children, workers
from tests.figures import Held
from tests.service import Service, running

pytestmark = [pytest.mark.postgresql, pytest.mark.slow_fault]

RATE = 50
AWAY_SECONDS = 10.0
MIX = {"me": 30, "refresh": 10, "rename": 6, "register": 3, "login": 1}
LIVE, READY = "health/live/", "health/ready/"


@pytest.fixture(scope="module")
def service(postgresql: PostgreSQL, redis: Redis) -> Iterator[Service]:
    variables = {**postgresql.variables, **redis.variables}
    with running(**production.variables(), **variables) as started:
        yield started


def assert_well_again(crowd: Crowd, since: float) -> None:
    """Everything is answered once more, within 2 s."""
    with Load(crowd.operations(**MIX), rate=RATE) as load:
        time.sleep(2)
    late = [sample.ended - since for sample in failures(load.samples)]
    assert max(late, default=0.0) < 2


class TestStopped:
    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
    def test_is_told_in_time_and_loses_nothing(
        self,
        postgresql: PostgreSQL,
        service: Service,
        crowd: Crowd,
        held: Held,
        how: signal.Signals,
    ) -> None:
        alive = workers(service.process.pid)
        probes = Probes(service.url, LIVE, READY)
        with probes, Load(crowd.operations(**MIX), rate=RATE) as load:
            time.sleep(3)
            stopped_at = time.monotonic()
            with postgresql.stopped(how):
                time.sleep(AWAY_SECONDS)
            back_at = postgresql.accepted_at
            time.sleep(5)
        away = load.between(stopped_at, back_at)
        assert {*statuses(load.samples)} == {"200", "201", "503"}
        assert all(sample.reply.is_told_to_come_back for sample in failures(load.samples))
        assert not failures(load.between(0, stopped_at - 0.5))
        assert p99(away) < 2.5
        last = max(sample.ended for sample in failures(load.samples)) - back_at
        assert last < 2
        assert {probe.reply.status for probe in probes.heard[LIVE]} == {200}
        # What a probe found counts for a second, and it takes at most one.
        ready = [*probes.between(READY, stopped_at + 2, back_at)]
        assert {probe.reply.status for probe in ready} == {503}
        assert {probe.reply.status for probe in probes.between(READY, back_at + 3)} == {200}
        assert children(service.process.pid) == alive
        with postgresql.connect(service.environment["DB_NAME"]) as connection:
            lost = crowd.lost(connection)
        assert not lost
        held(
            "PostgreSQL stopped for 10 s",
            f"{how.name}: {len(failures(away))} of {len(away)} told 503, p99 {p99(away):.2f} s,"
            f" last 5xx {last:+.2f} s after it accepts;"
            f" {len(lost)} of {len(crowd.acknowledged)} acknowledged writes lost",
        )


class TestTerminatedBackends:
    def test_cost_at_most_what_was_under_way(
        self, postgresql: PostgreSQL, crowd: Crowd, held: Held
    ) -> None:
        blows = []
        with Load(crowd.operations(**MIX), rate=RATE) as load:
            for _ in range(5):
                time.sleep(1)
                blows.append(postgresql.terminate_all())
            time.sleep(1)
        found = load.samples
        under_way = [
            any(sample.was_under_way(blow.since, blow.until) for blow in blows) for sample in found
        ]
        assert {*statuses(found)} <= {"200", "201", "503"}
        assert all(sample.reply.is_told_to_come_back for sample in failures(found))
        idle = [sample for sample, met in zip(found, under_way, strict=True) if not met]
        assert not failures(idle)
        ended = sum(blow.amount for blow in blows)
        held(
            "All backends terminated",
            f"{ended} in 5 blows: {len(failures(found))} of {sum(under_way)} requests that were"
            f" under way failed, 0 of {len(idle)} others",
        )


class TestUsedUpConnections:
    def test_are_told_at_once(
        self, postgresql: PostgreSQL, service: Service, crowd: Crowd, held: Held
    ) -> None:
        with Probes(service.url, LIVE, READY) as probes:
            with postgresql.used_up(service.environment["DB_NAME"]) as taken:
                since = time.monotonic()
                with Load(crowd.operations(**MIX), rate=RATE) as load:
                    time.sleep(5)
            free_at = time.monotonic()
            assert_well_again(crowd, free_at)
        assert {*statuses(load.samples)} == {"503"}
        assert all(sample.reply.is_told_to_come_back for sample in load.samples)
        assert p99(load.samples) < 2.5
        assert {probe.reply.status for probe in probes.heard[LIVE]} == {200}
        assert {probe.reply.status for probe in probes.between(READY, since + 2, free_at)} == {503}
        held(
            "max_connections used up",
            f"others have all {taken}: 503 to {len(load.samples)} requests,"
            f" p99 {p99(load.samples):.2f} s; no 5xx 2 s after they let go",
        )


class TestLock:
    def test_on_users_is_waited_for_3_seconds_and_leaves_the_pool_free(
        self, postgresql: PostgreSQL, service: Service, crowd: Crowd, held: Held
    ) -> None:
        database = service.environment["DB_NAME"]
        with postgresql.locked(database, "users_user"):
            # No more than there are threads: a queue in front of them is not the database's doing.
            with Load([("me", crowd.me)], rate=4) as load:
                time.sleep(8)
            assert postgresql.waiting(database) == 0
        free_at = time.monotonic()
        assert_well_again(crowd, free_at)
        assert {*statuses(load.samples)} == {"503"}
        assert all(sample.reply.is_told_to_come_back for sample in load.samples)
        slowest = max(sample.seconds for sample in load.samples)
        assert slowest < 8
        held(
            "A lock held on users",
            f"{len(load.samples)} requests waited {slowest:.1f} s at most, all told 503;"
            " none waits afterwards, no 5xx 2 s after it is released",
        )


class TestSlowStatement:
    def test_is_ended_and_leaves_the_pool_free(
        self, postgresql: PostgreSQL, service: Service, crowd: Crowd, held: Held
    ) -> None:
        with (
            postgresql.slow_writes(service.environment["DB_NAME"], "users_user"),
            Load([("rename", crowd.rename)], rate=1) as slow,
            Load([("me", crowd.me)], rate=20) as load,
        ):
            time.sleep(8)
        assert_well_again(crowd, time.monotonic())
        assert {*statuses(slow.samples)} == {"503"}
        assert all(sample.reply.is_told_to_come_back for sample in slow.samples)
        slowest = max(sample.seconds for sample in slow.samples)
        assert slowest < 8
        assert {*statuses(load.samples)} == {"200"}
        held(
            "A lock held on users",
            f"a write that takes 20 s is ended after {slowest:.1f} s;"
            f" meanwhile {len(load.samples)} of {len(load.samples)} reads are answered",
        )
