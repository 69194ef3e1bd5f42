"""Web workers are killed, told to stop with much under way, restarted one instance at a time."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from tests.faults import production
from tests.faults.broken_postgresql import PostgreSQL
from tests.faults.broken_redis import Redis
from tests.faults.crowd import Crowd
from tests.faults.load import Load, Probes, Reply, failures, p99, send, statuses
from tests.faults.memory import children, workers
from tests.figures import Held
from tests.service import Service, running
from tests.waiting import wait_for

pytestmark = [pytest.mark.postgresql, pytest.mark.slow_fault]

WORKERS, THREADS = 2, 8
IN_FLIGHT = 50
LOOK_SECONDS = 0.1
READY = "health/ready/"


@pytest.fixture(scope="module")
def service(postgresql: PostgreSQL, redis: Redis) -> Iterator[Service]:
    with running(
        **production.variables(GUNICORN_WORKERS=str(WORKERS), GUNICORN_THREADS=str(THREADS)),
        **postgresql.variables,
        **redis.variables,
    ) as started:
        yield started


class TestKilledWorker:
    def test_takes_along_what_it_was_doing_and_others_serve(
        self, service: Service, crowd: Crowd, held: Held
    ) -> None:
        master = service.process.pid
        with Load(crowd.operations(me=3, rename=1), rate=50) as load:
            time.sleep(2)
            victim, *others = workers(master, WORKERS)
            killed_at = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            seconds = wait_for(lambda: len({*children(master)} - {victim}) == WORKERS, 10)
            time.sleep(3)
        assert {*others} < {*children(master)}
        broken = failures(load.samples)
        assert all(sample.was_under_way(killed_at, killed_at + 0.1) for sample in broken)
        assert len(broken) <= THREADS
        held(
            "Web worker killed",
            f"{len(broken)} of {len(load.samples)} requests failed, those under way in it;"
            f" another started {seconds:.1f} s later, p99 {p99(load.samples):.2f} s",
        )


class TestToldToStop:
    def test_answers_everything_that_is_under_way(
        self, postgresql: PostgreSQL, service: Service, crowd: Crowd, held: Held
    ) -> None:
        database = service.environment["DB_NAME"]
        with service.another() as second, ThreadPoolExecutor(IN_FLIGHT) as pool:

            def me(_: int) -> Reply:
                return send(second.url, "GET", "users/me/", token=crowd.people[0].access)

            [*pool.map(me, range(IN_FLIGHT))]  # the pools of connections are filled
            # The lock keeps the threads busy, and the rest in front of them.
            with postgresql.locked(database, "users_user"):
                answers = [pool.submit(me, number) for number in range(IN_FLIGHT)]
                time.sleep(0.7)
                second.process.send_signal(signal.SIGTERM)
                told_at = time.monotonic()
                time.sleep(0.5)
                waiting = postgresql.waiting(database)
                assert not any(answer.done() for answer in answers)
            found = [answer.result().status for answer in answers]
            assert second.process.wait(30) == 0
            seconds = time.monotonic() - told_at
        assert waiting > 0
        assert found == [200] * IN_FLIGHT
        held(
            "SIGTERM with 50 requests in flight",
            f"{found.count(200)} of {IN_FLIGHT} answered 200, {waiting} of which waited in the"
            f" database; ended after {seconds:.1f} s with status 0",
        )


class Instance:
    """One of several, as a proxy in front of them sees it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.probes = Probes(service.url, READY, every=LOOK_SECONDS)

    @property
    def is_ready(self) -> bool:
        heard = self.probes.heard[READY]
        return bool(heard) and heard[-1].reply.status == 200


class Balancer:
    """Sends each request to the next instance that was ready a moment ago."""

    def __init__(self, crowd: Crowd, *instances: Instance) -> None:
        self._people = crowd.people
        self._instances = instances
        self._turn = count()

    def me(self) -> Reply:
        ready = [instance.service for instance in self._instances if instance.is_ready]
        assert ready, "no instance is ready"
        turn = next(self._turn)
        token = self._people[turn % len(self._people)].access
        return send(ready[turn % len(ready)].url, "GET", "users/me/", token=token)


class TestRollingRestart:
    def test_fails_nothing(self, service: Service, crowd: Crowd, held: Held) -> None:
        with service.another() as second:
            instances = [Instance(service), Instance(second)]
            balancer = Balancer(crowd, *instances)
            with instances[0].probes, instances[1].probes:
                wait_for(lambda: all(instance.is_ready for instance in instances), 10)
                with Load([("me", balancer.me)], rate=100) as load:
                    time.sleep(2)
                    for instance in instances:
                        instance.service.restart()
                        wait_for(lambda one=instance: one.is_ready, 10)  # type: ignore[misc]  # a default
                        time.sleep(1)
        assert {*statuses(load.samples)} == {"200"}
        held(
            "Rolling restart at 100 requests/s",
            f"0 of {len(load.samples)} requests failed, p99 {p99(load.samples):.2f} s",
        )
