"""``enqueue``: a task is recorded with the change that causes it."""

from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import orjson
import pytest
from django.db import transaction
from django.utils import timezone

from backend.core.context import request_id
from backend.core.ids import uuid7
from backend.tasks import broker, execution, registry
from backend.tasks.models import NUDGED_WITHIN, State, Task
from backend.tasks.outbox import enqueue
from tests.tasks import samples
from tests.tasks.conftest import Published
from tests.tasks.samples import Colour


def _mypy_refuses() -> None:
    """Never called: the types of a task's arguments are those of its function."""
    enqueue(samples.count, number="three")  # type: ignore[arg-type]  # mypy must refuse this
    enqueue(samples.count, numbre=3)  # type: ignore[call-arg]  # mypy must refuse this
    enqueue(samples.count)  # type: ignore[call-arg]  # mypy must refuse this
    enqueue(samples.count, number=None)  # type: ignore[arg-type]  # mypy must refuse this
    enqueue(samples.count, number=3, more=4)  # type: ignore[call-arg]  # mypy must refuse this
    enqueue(lambda: None)  # type: ignore[arg-type]  # mypy must refuse this
    samples.count(number="three")  # type: ignore[arg-type]  # mypy must refuse this


@pytest.mark.django_db
class TestEnqueue:
    def test_records_a_task_that_waits(self) -> None:
        before = timezone.now() - timedelta(seconds=1)
        task_id = enqueue(samples.count, number=3)
        row = Task.objects.get()
        assert row.pk == task_id
        assert (row.name, row.queue, row.state) == ("tasks.count", "default", State.WAITING)
        assert (row.attempts, row.error, row.request_id) == (0, "", "")
        assert orjson.loads(row.arguments) == {"number": 3}
        assert before < row.created_at < timezone.now() + timedelta(seconds=1)
        assert row.due_at == row.created_at
        assert row.lease_until is row.finished_at is None

    def test_leaves_the_relay_alone_for_a_moment(self) -> None:
        task_id = enqueue(samples.count, number=3)
        row = Task.objects.get(pk=task_id)
        assert abs(row.publish_at - row.created_at - NUDGED_WITHIN) < timedelta(seconds=1)

    def test_brings_arguments_back_as_what_they_were(self) -> None:
        whose, at = uuid7(), datetime(2026, 11, 27, 3, 54, 4, 123456, tzinfo=UTC)
        words = ["", "ä\U0001f600", "'\"\\", "\x00", "[email]"]
        task_id = enqueue(
            samples.typed, whose=whose, at=at, colour=Colour.BLUE, nothing=None, words=words
        )
        execution.run(task_id)
        ((arguments, _, _),) = [(c.arguments, c.task_id, c.request_id) for c in samples.calls]
        assert arguments == {
            "whose": whose,
            "at": at,
            "colour": Colour.BLUE,
            "nothing": None,
            "words": words,
        }
        assert isinstance(arguments["whose"], UUID)
        assert isinstance(arguments["colour"], Colour)
        assert cast("datetime", arguments["at"]).tzinfo

    def test_takes_no_arguments_by_position(self) -> None:
        with pytest.raises(TypeError, match=r"tasks\.count takes its arguments by keyword"):
            enqueue(samples.count, 3)  # type: ignore[call-arg]  # mypy must refuse this
        assert Task.objects.count() == 0

    @pytest.mark.parametrize("value", [object(), "\udcff", 2**70, {1, 2}])
    def test_takes_nothing_that_json_cannot_carry(self, value: object) -> None:
        with pytest.raises(TypeError):
            enqueue(samples.count, number=value)  # type: ignore[arg-type]  # mypy must refuse this
        assert Task.objects.count() == 0

    @pytest.mark.parametrize("current", ["", "the-request", "r" * 128])
    def test_records_the_request_that_causes_it(self, current: str) -> None:
        token = request_id.set(current)
        enqueue(samples.count, number=3)
        request_id.reset(token)
        assert Task.objects.get().request_id == current

    def test_makes_ids_that_sort_by_time(self) -> None:
        made = [enqueue(samples.count, number=n) for n in range(5)]
        assert made == sorted(made)
        assert [*Task.objects.values_list("pk", flat=True)] == made[::-1]


@pytest.mark.django_db(transaction=True)
class TestTransaction:
    def test_that_is_committed_tells_the_broker_then_and_once(self, published: Published) -> None:
        with transaction.atomic():
            task_id = enqueue(samples.endless)
            assert published == []
        assert published == [(task_id, "default", 1)]

    def test_that_is_rolled_back_leaves_nothing(self, published: Published) -> None:
        with transaction.atomic():
            enqueue(samples.count, number=1)
            assert Task.objects.count() == 1
            transaction.set_rollback(True)
        assert Task.objects.count() == 0
        assert published == []

    def test_that_is_rolled_back_to_a_savepoint_keeps_what_was_before(
        self, published: Published
    ) -> None:
        with transaction.atomic():
            kept = enqueue(samples.count, number=1)
            with transaction.atomic():
                enqueue(samples.count, number=2)
                transaction.set_rollback(True)
        assert Task.objects.get().pk == kept
        assert [task_id for task_id, _, _ in published] == [kept]

    def test_that_is_none_tells_the_broker_at_once(self, published: Published) -> None:
        task_id = enqueue(samples.count, number=1)
        assert published == [(task_id, "default", registry.TIME_LIMIT_SECONDS)]

    @pytest.mark.parametrize("explicit", [True, False])
    def test_does_not_fail_for_a_broker_that_does(
        self, monkeypatch: pytest.MonkeyPatch, explicit: bool
    ) -> None:
        def publish(*_: object) -> bool:
            raise RuntimeError("whatever")

        monkeypatch.setattr(broker, "publish", publish)
        if explicit:
            with transaction.atomic():
                task_id = enqueue(samples.count, number=1)
        else:
            task_id = enqueue(samples.count, number=1)
        assert Task.objects.get().pk == task_id


class TestTask:
    def test_is_known_by_app_and_function(self) -> None:
        assert samples.count.name == "tasks.count"
        assert registry.find("tasks.count") is samples.count
        assert registry.find("tasks.forgotten") is None

    def test_can_be_called_like_a_function(self) -> None:
        samples.count(number=3)
        assert [call.arguments for call in samples.calls] == [{"number": 3}]

    def test_has_a_name_of_its_own(self) -> None:
        with pytest.raises(ValueError, match=r"two tasks of the name tasks\.count"):
            registry.task()(samples.count.function)
        assert registry.find("tasks.count") is samples.count

    def test_of_every_app_is_known(self) -> None:
        for name in ("authentication.send_link", "users.say_goodbye"):
            found = registry.find(name)
            assert found
            assert found.queue == "mails"
        assert registry.queues() == {"default", "mails"}

    def test_fits_into_its_row(self) -> None:
        for declared in registry._tasks.values():
            assert len(declared.name) <= 100
            assert len(declared.queue) <= 32
