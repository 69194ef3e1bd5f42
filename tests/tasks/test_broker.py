"""The broker: it carries ids, in Redis or in memory, and nobody waits for one that is away."""

import socket
import time
from collections.abc import Iterator
from threading import Event
from uuid import UUID

import pytest
import redis
from django.db import OperationalError, transaction
from dramatiq.brokers.redis import RedisBroker
from pytest_django import Settings

from backend.core import breaker
from backend.core.breaker import Breaker
from backend.core.ids import uuid7
from backend.tasks import broker, worker
from backend.tasks.models import LEASE, Queue, State, Task, TaskQuerySet, tasks
from backend.tasks.outbox import enqueue
from backend.tasks.worker import TaskWorker
from tests.conftest import Lines
from tests.servers import redis_client
from tests.tasks import samples
from tests.tasks.conftest import Act
from tests.waiting import PATIENCE_SECONDS, until

GENEROUS_SECONDS = 2.0  # far more than a dead broker may cost, for a busy machine


@pytest.fixture(params=["memory", "redis"])
def kind(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Each kind of broker, one after the other."""
    found: str = request.param
    request.getfixturevalue({"memory": "in_memory", "redis": "on_redis"}[found])
    return found


@pytest.fixture
def working(kind: str) -> Iterator[TaskWorker]:
    """A worker of this process."""
    started = TaskWorker(2)
    started.start()
    yield started
    started.stop()


def is_done(task_id: UUID) -> bool:
    return tasks().filter(pk=task_id, state=State.DONE).exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestWorker:
    def test_runs_what_it_is_told_of(self, working: TaskWorker) -> None:
        with transaction.atomic():
            task_id = enqueue(samples.count, number=1)
        until(lambda: is_done(task_id))
        assert [call.task_id for call in samples.calls] == [task_id]

    def test_runs_what_was_published_before_it_came(self, kind: str) -> None:
        task_id = enqueue(samples.count, number=1)
        started = TaskWorker(2)
        started.start()
        try:
            until(lambda: is_done(task_id))
        finally:
            started.stop()

    def test_finds_what_nobody_told_it_of(self, working: TaskWorker) -> None:
        row = Task.objects.create(name="tasks.count", queue="mails", arguments='{"number":1}')
        until(lambda: is_done(row.pk))

    def test_runs_many_each_once(self, working: TaskWorker) -> None:
        ids = [enqueue(samples.count, number=n) for n in range(50)]
        until(lambda: tasks().filter(state=State.DONE).count() == 50)
        assert sorted(str(call.task_id) for call in samples.calls) == sorted(map(str, ids))

    def test_answers_the_canaries_of_every_queue(self, working: TaskWorker) -> None:
        until(lambda: Queue.objects.filter(served_at__isnull=False).count() == 2)

    def test_leaves_nothing_in_the_queue(self, working: TaskWorker) -> None:
        task_id = enqueue(samples.count, number=1)
        until(lambda: is_done(task_id))
        until(lambda: Queue.objects.filter(served_at__isnull=False).count() == 2)
        until(lambda: broker.room("default") == broker.MOST_IN_FLIGHT)

    def test_lets_tasks_finish_when_it_stops(self, kind: str, act: Act) -> None:
        begun, may_end = Event(), Event()

        def take_time() -> None:
            begun.set()
            assert may_end.wait(PATIENCE_SECONDS)

        act(take_time)
        started = TaskWorker(1)
        started.start()
        task_id = enqueue(samples.count, number=1)
        assert begun.wait(PATIENCE_SECONDS)
        may_end.set()
        started.stop()
        assert is_done(task_id)

    def test_hands_back_what_takes_too_long_when_it_stops(
        self, kind: str, act: Act, monkeypatch: pytest.MonkeyPatch, log_lines: Lines
    ) -> None:
        begun, may_end = Event(), Event()

        def take_too_long() -> None:
            begun.set()
            assert may_end.wait(PATIENCE_SECONDS)

        act(take_too_long)
        monkeypatch.setattr(worker, "STOP_SECONDS", 0.1)
        started = TaskWorker(1)
        started.start()
        task_id = enqueue(samples.count, number=1)
        assert begun.wait(PATIENCE_SECONDS)
        started.stop()
        row = Task.objects.get(pk=task_id)
        assert (row.state, row.attempts, row.lease_until) == (State.WAITING, 1, None)
        may_end.set()
        for thread in started._worker.workers:
            thread.join(PATIENCE_SECONDS)
        row.refresh_from_db()
        assert row.state == State.WAITING  # it may still end, and cannot report
        lines = {line["message"]: line for line in log_lines()}
        assert lines["worker stopped"]["handed_back"] == 1


class TestStop:
    """What a stop does while servers are away; nothing of it may keep a process from ending."""

    @pytest.fixture
    def stopping(self, in_memory: None, monkeypatch: pytest.MonkeyPatch) -> TaskWorker:
        made = TaskWorker(1)
        monkeypatch.setattr(made._worker, "stop", lambda **_: None)
        monkeypatch.setattr(made._relay, "stop", lambda: None)
        return made

    def test_goes_on_without_a_broker(
        self, stopping: TaskWorker, monkeypatch: pytest.MonkeyPatch, log_lines: Lines
    ) -> None:
        def stop(**_: object) -> None:
            raise redis.ConnectionError("away")

        relay_stopped: list[bool] = []
        monkeypatch.setattr(stopping._worker, "stop", stop)
        monkeypatch.setattr(stopping._relay, "stop", lambda: relay_stopped.append(True))
        stopping.stop()
        assert relay_stopped == [True]
        assert [line["message"] for line in log_lines()] == ["worker stops", "worker stopped"]

    def test_goes_on_without_a_database(
        self, stopping: TaskWorker, monkeypatch: pytest.MonkeyPatch, log_lines: Lines
    ) -> None:
        def hand_back(*_: object) -> int:
            raise OperationalError("away")

        monkeypatch.setattr(TaskQuerySet, "hand_back", hand_back)
        stopping.stop()
        assert log_lines()[-1]["handed_back"] == 0


@pytest.mark.postgresql
class TestRedis:
    def test_carries_the_id_and_nothing_else(self, on_redis: str, settings: Settings) -> None:
        task_id = uuid7()
        assert broker.publish(task_id, "mails", 7)
        with redis_client(settings.TASKS_REDIS_URL) as client:
            (raw,) = client.hgetall(f"{on_redis}:mails.msgs").values()
        assert f'"args":["{task_id}"]'.encode() in raw.replace(b" ", b"")
        assert b'"kwargs":{}' in raw.replace(b" ", b"")
        assert b'"time_limit":7000' in raw.replace(b" ", b"")

    def test_is_given_no_more_than_it_has_room_for(
        self, on_redis: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(broker, "MOST_IN_FLIGHT", 3)
        rooms = []
        for _ in range(5):
            rooms.append(broker.room("mails"))
            assert broker.publish(uuid7(), "mails", 7)
        assert rooms == [3, 2, 1, 0, 0]
        assert broker.room("default") == 3

    @pytest.mark.django_db(transaction=True)
    def test_may_lose_everything(self, on_redis: str, settings: Settings) -> None:
        task_id = enqueue(samples.count, number=1)
        with redis_client(settings.TASKS_REDIS_URL) as client:
            for key in client.scan_iter(f"{on_redis}*", count=1000):
                client.delete(key)
        assert broker.room("default") == broker.MOST_IN_FLIGHT
        started = TaskWorker(1)
        started.start()
        try:
            until(lambda: is_done(task_id))
        finally:
            started.stop()


class TestMemory:
    @pytest.fixture(autouse=True)
    def _in_memory(self, in_memory: None) -> None:
        pass

    def test_takes_everything(self) -> None:
        assert broker.publish(uuid7(), "default", 7)
        assert broker.send_canary("mails")

    def test_has_the_room_that_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(broker, "MOST_IN_FLIGHT", 2)
        rooms = []
        for _ in range(4):
            rooms.append(broker.room("default"))
            broker.publish(uuid7(), "default", 7)
        assert rooms == [2, 1, 0, 0]
        assert broker.room("mails") == 2


class TestAway:
    """A Redis that refuses, and one that accepts and never answers."""

    @pytest.fixture(params=["closed", "silent"])
    def away(self, request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            if request.param == "silent":
                listener.listen(100)
            settings.TASKS_REDIS_URL = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
            yield

    @pytest.fixture
    def patient(self, monkeypatch: pytest.MonkeyPatch) -> Breaker:
        """A breaker that stays open."""
        made = Breaker(retry_after=3600, name="the task broker")
        monkeypatch.setattr(breaker, "tasks", made)
        return made

    def test_costs_a_moment_once_and_nothing_afterwards(
        self, away: None, patient: Breaker, log_lines: Lines
    ) -> None:
        started = time.perf_counter()
        assert not broker.publish(uuid7(), "default", 7)
        assert time.perf_counter() - started < GENEROUS_SECONDS
        assert patient.is_open
        started = time.perf_counter()
        assert not any(broker.publish(uuid7(), "default", 7) for _ in range(500))
        assert time.perf_counter() - started < GENEROUS_SECONDS
        assert [line["message"] for line in log_lines()] == ["the task broker is away"]

    def test_is_tried_again_after_a_while(
        self, away: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 0.0
        made = Breaker(retry_after=1.0, clock=lambda: now)
        monkeypatch.setattr(breaker, "tasks", made)
        tried: list[str] = []

        def notice(*_: object, **__: object) -> None:
            tried.append("tried")
            raise redis.ConnectionError

        monkeypatch.setattr(RedisBroker, "enqueue", notice)
        for now in (0.0, 0.5, 1.1, 1.2):  # noqa: B007  (the clock's)
            assert not broker.send_canary("default")
        assert len(tried) == 2

    def test_is_told_to_the_relay(self, away: None) -> None:
        with pytest.raises(redis.RedisError):
            broker.room("default")

    @pytest.mark.django_db(transaction=True)
    def test_fails_nobody(self, away: None) -> None:
        with transaction.atomic():
            task_id = enqueue(samples.count, number=1)
        assert Task.objects.get(pk=task_id).state == State.WAITING

    @pytest.mark.postgresql
    def test_is_used_again_when_it_is_back(
        self, on_redis: str, monkeypatch: pytest.MonkeyPatch, log_lines: Lines
    ) -> None:
        breaker.tasks.failed("ConnectionError")
        breaker.tasks._try_again_at = 0.0
        assert broker.publish(uuid7(), "default", 7)
        assert not breaker.tasks.is_open


class TestLease:
    def test_outlives_the_worst_look_of_a_relay(self) -> None:
        assert LEASE.total_seconds() > broker.CONSUMING_SECONDS * 2
