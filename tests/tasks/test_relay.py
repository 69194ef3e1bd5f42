"""The relay: what is brought to the broker again, and what is taken from dead workers."""

from datetime import timedelta
from threading import Event
from uuid import UUID

import pytest
import redis
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from backend.core import breaker
from backend.tasks import broker, execution, relay
from backend.tasks.models import (
    LEASE,
    NUDGED_WITHIN,
    PUBLISH_AGAIN_AFTER,
    Queue,
    State,
    Task,
    tasks,
)
from backend.tasks.outbox import enqueue
from backend.tasks.relay import Relay
from backend.testing.races import at_once
from tests.conftest import Lines
from tests.tasks import samples
from tests.tasks.conftest import Act, Published
from tests.tasks.rows import pass_by
from tests.waiting import until

TOLERANCE = timedelta(seconds=1)


@pytest.fixture
def canaries_sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queues that were asked for a sign of life."""
    sent: list[str] = []
    monkeypatch.setattr(broker, "send_canary", sent.append)
    return sent


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How much room there is in a queue; in others there is plenty."""
    rooms: dict[str, int] = {}
    monkeypatch.setattr(broker, "room", lambda queue: rooms.get(queue, 1_000))
    return rooms


def told(published: Published) -> list[UUID]:
    return [task_id for task_id, _, _ in published]


def publish_due(limit: int = 100) -> int:
    return relay.publish_due("default", limit=limit)


@pytest.mark.django_db
class TestPublishDue:
    def test_leaves_what_is_fresh_to_its_nudge(self, published: Published) -> None:
        task_id = enqueue(samples.count, number=1)
        assert publish_due() == 0
        pass_by(task_id, NUDGED_WITHIN.total_seconds() - 0.8)
        assert publish_due() == 0
        assert published == []

    def test_publishes_what_nobody_has_taken_within_moments(self, published: Published) -> None:
        task_id = enqueue(samples.endless)
        pass_by(task_id, NUDGED_WITHIN.total_seconds())
        assert publish_due() == 1
        assert published == [(task_id, "default", 1)]
        again = Task.objects.get(pk=task_id).publish_at
        assert abs(again - timezone.now() - PUBLISH_AGAIN_AFTER) < TOLERANCE

    def test_publishes_again_what_is_still_not_taken(self, published: Published) -> None:
        task_id = enqueue(samples.count, number=1)
        pass_by(task_id, NUDGED_WITHIN.total_seconds())
        publish_due()
        assert publish_due() == 0
        pass_by(task_id, PUBLISH_AGAIN_AFTER.total_seconds() - 1)
        assert publish_due() == 0
        pass_by(task_id, 1)
        assert publish_due() == 1
        assert told(published) == [task_id, task_id]

    def test_waits_out_the_pause_of_what_has_failed(self, published: Published) -> None:
        task_id = enqueue(samples.count, number=1)
        row = tasks().claim(task_id)
        assert row
        execution.tasks_of(row).hand_back(after=timedelta(seconds=60), error="no luck")
        assert publish_due() == 0
        pass_by(task_id, 60)
        assert publish_due() == 1
        assert tasks().claim(task_id)  # it is due when it is published

    @pytest.mark.parametrize("state", [State.DONE, State.PARKED, State.RUNNING])
    def test_leaves_alone_what_does_not_wait(self, published: Published, state: State) -> None:
        task_id = enqueue(samples.count, number=1)
        pass_by(task_id, 60)
        lease = timezone.now() + LEASE if state == State.RUNNING else None
        Task.objects.update(state=state, lease_until=lease)
        assert publish_due() == 0
        assert published == []

    def test_leaves_other_queues_alone(self, published: Published) -> None:
        pass_by(enqueue(samples.count, number=1), 60)
        assert relay.publish_due("mails", limit=100) == 0
        assert published == []

    def test_puts_back_what_could_not_be_published(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = [enqueue(samples.count, number=n) for n in range(3)]
        for task_id in ids:
            pass_by(task_id, 60)
        monkeypatch.setattr(broker, "publish", lambda task_id, *_: task_id == ids[1])
        assert publish_due() == 1
        waits = {row.pk: row.publish_at - timezone.now() for row in Task.objects.all()}
        assert waits[ids[1]] > timedelta(seconds=10)
        assert waits[ids[0]] < TOLERANCE
        assert waits[ids[2]] < TOLERANCE
        monkeypatch.setattr(broker, "publish", lambda *_: True)
        assert publish_due() == 2

    def test_takes_the_oldest_first_and_no_more_than_it_may(self, published: Published) -> None:
        ids = [enqueue(samples.count, number=n) for n in range(5)]
        for age, task_id in zip((30, 50, 20, 40, 10), ids, strict=True):
            pass_by(task_id, age)
        assert publish_due(limit=2) == 2
        assert {*told(published)} == {ids[1], ids[3]}
        assert publish_due(limit=2) == 2
        assert {*told(published)[2:]} == {ids[0], ids[2]}
        assert publish_due(limit=0) == 0

    def test_publishes_what_nobody_declares_so_that_it_is_parked(
        self, published: Published
    ) -> None:
        row = Task.objects.create(name="tasks.forgotten", queue="default")
        assert publish_due() == 1
        assert told(published) == [row.pk]


@pytest.mark.django_db
@pytest.mark.usefixtures("canaries_sent")
class TestTick:
    def test_publishes_from_every_queue(self, published: Published, room: dict[str, int]) -> None:
        for queue in ("default", "mails"):
            Task.objects.create(name="tasks.count", queue=queue)
        relay.tick()
        assert {queue for _, queue, _ in published} == {"default", "mails"}

    def test_publishes_more_than_one_batch(
        self, published: Published, room: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(relay, "BATCH", 2)
        ids = [enqueue(samples.count, number=n) for n in range(5)]
        for task_id in ids:
            pass_by(task_id, 60)
        relay.tick()
        assert sorted(told(published)) == ids

    def test_does_not_overfill_a_queue(self, published: Published, room: dict[str, int]) -> None:
        for queue in ("default", "default", "mails"):
            Task.objects.create(name="tasks.count", queue=queue)
        room["default"] = 0
        relay.tick()
        assert [queue for _, queue, _ in published] == ["mails"]
        room["default"] = 1
        relay.tick()
        assert [queue for _, queue, _ in published] == ["mails", "default"]

    def test_frees_the_tasks_of_a_dead_worker(
        self, published: Published, room: dict[str, int], log_lines: Lines
    ) -> None:
        task_id = enqueue(samples.count, number=1)
        assert tasks().claim(task_id)
        pass_by(task_id, LEASE.total_seconds() - 1)
        relay.tick()
        assert Task.objects.get(pk=task_id).state == State.RUNNING
        pass_by(task_id, 1.5)
        relay.tick()
        row = Task.objects.get(pk=task_id)
        assert (row.state, row.error) == (State.WAITING, "Its worker died")
        assert told(published) == [task_id]
        (line,) = [line for line in log_lines() if "worker died" in line["message"]]
        assert (line["tasks"], line["level"]) == (1, "WARNING")
        execution.run(task_id)
        assert Task.objects.get(pk=task_id).state == State.DONE

    def test_keeps_the_leases_of_what_is_running_here(self, act: Act, room: dict[str, int]) -> None:
        found: list[Task] = []

        def take_long() -> None:
            pass_by(task_id, LEASE.total_seconds() * 3)
            relay.tick()
            found.append(Task.objects.get(pk=task_id))

        act(take_long)
        task_id = enqueue(samples.count, number=1)
        execution.run(task_id)
        (row,) = found
        assert (row.state, row.attempts) == (State.RUNNING, 1)
        assert row.lease_until
        assert abs(row.lease_until - timezone.now() - LEASE) < TOLERANCE
        assert Task.objects.get(pk=task_id).state == State.DONE

    def test_does_not_revive_what_this_process_has_lost(self, room: dict[str, int]) -> None:
        task_id = enqueue(samples.count, number=1)
        execution._running.add(task_id)
        relay.tick()
        assert Task.objects.get(pk=task_id).lease_until is None

    def test_counts_the_deaths_and_parks_a_task_in_the_end(
        self, act: Act, published: Published, room: dict[str, int]
    ) -> None:
        act(lambda: pytest.fail("it would kill its worker again"))
        task_id = enqueue(samples.short)
        for attempt in range(1, 4):
            row = tasks().claim(task_id)
            assert row
            assert row.attempts == attempt
            pass_by(task_id, LEASE.total_seconds() + 1)
            relay.tick()
        execution.run(task_id)
        row = Task.objects.get(pk=task_id)
        assert (row.state, row.error) == (State.PARKED, "Its worker died, each time")
        assert samples.calls == []

    def test_asks_every_queue_for_a_sign_of_life(
        self, room: dict[str, int], canaries_sent: list[str]
    ) -> None:
        relay.tick()
        relay.tick()
        assert canaries_sent == ["default", "mails"]
        assert Queue.objects.filter(asked_at__isnull=False).count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestRelays:
    def test_at_once_publish_each_task_once(self, published: Published) -> None:
        rows = Task.objects.bulk_create(
            [Task(name="tasks.count", queue="default") for _ in range(300)]
        )
        counts = at_once([lambda: sum(publish_due(limit=20) for _ in range(10))] * 4)
        left = publish_due(limit=1000)  # whoever was skipped while it was locked
        assert sum(counts) + left == 300
        assert sorted(told(published)) == sorted(row.pk for row in rows)

    def test_at_once_free_a_task_once(self, log_lines: Lines) -> None:
        task_id = enqueue(samples.count, number=1)
        assert tasks().claim(task_id)
        pass_by(task_id, LEASE.total_seconds() + 1)
        freed = at_once([lambda: tasks().abandoned().hand_back(error="Its worker died")] * 4)
        assert sorted(freed) == [0, 0, 0, 1]


class Looks:
    """What comes of each look of a relay, the last first; without any all is well."""

    def __init__(self) -> None:
        self.outcomes: list[Exception | None] = []
        self.freed: list[bool] = []
        self._well = Event()

    def tick(self, *, frees: bool) -> None:
        self.freed.append(frees)
        if not self.outcomes:
            self._well.set()
        elif (error := self.outcomes.pop()) is not None:
            raise error

    def come(self, *outcomes: Exception | None) -> None:
        """Have a relay run until all is well."""
        self.outcomes += outcomes
        self._well.clear()
        started = Relay()
        started.start()
        try:
            until(self._well.is_set)
        finally:
            started.stop()
        assert not started.is_alive()


class TestRelay:
    @pytest.fixture
    def looks(self, monkeypatch: pytest.MonkeyPatch) -> Looks:
        made = Looks()
        monkeypatch.setattr(relay, "tick", made.tick)
        monkeypatch.setattr(relay, "TICK_SECONDS", 0.001)
        return made

    @pytest.mark.parametrize(
        "error",
        [
            redis.ConnectionError("away"),
            redis.ResponseError("OOM"),
            OperationalError("away"),
            InterfaceError("closed"),
            ValueError("a mistake"),
        ],
    )
    def test_survives_whatever_it_meets(self, looks: Looks, error: Exception) -> None:
        looks.come(error, error, error)
        assert looks.outcomes == []

    def test_tells_the_broker_s_breaker_that_it_is_away(self, looks: Looks) -> None:
        looks.come(redis.TimeoutError("frozen"))
        assert (breaker.tasks.is_open, breaker.database.is_open) == (True, False)

    def test_frees_nobody_s_tasks_right_after_an_outage_of_the_database(self, looks: Looks) -> None:
        looks.come(OperationalError("away"), None)  # the last comes first
        assert looks.freed[:3] == [True, True, False]

    def test_tells_of_a_mistake_once_and_not_every_second(
        self, looks: Looks, log_lines: Lines
    ) -> None:
        mistake, other = ValueError("a mistake"), KeyError("x")
        looks.come(other, mistake, None, mistake, mistake)  # the last comes first
        lines = [line for line in log_lines() if line["message"] == "the relay stumbled"]
        errors = [line["exception"].splitlines()[-1] for line in lines]
        assert errors == ["ValueError: a mistake", "ValueError: a mistake", "KeyError: 'x'"]
