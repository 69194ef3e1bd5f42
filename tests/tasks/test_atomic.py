"""Atomic tasks: their writes and their completion are one transaction."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.authentication.models import Link
from backend.core.ids import uuid7
from backend.tasks.models import Queue, State, Task
from backend.tasks.outbox import enqueue
from backend.testing.races import elsewhere
from tests.conftest import Lines
from tests.tasks import samples
from tests.tasks.conftest import Act
from tests.tasks.rows import lose, lose_to_another, run


class TestAtomic:
    @pytest.mark.django_db
    def test_keeps_what_it_did_and_is_done(self, act: Act, log_lines: Lines) -> None:
        act(lambda: Queue.objects.create(name="kept"))
        assert run(enqueue(samples.whole)).state == State.DONE
        assert Queue.objects.filter(name="kept").exists()
        (line,) = [line for line in log_lines() if line["message"].startswith("task ")]
        assert line["message"] == "task done"

    @pytest.mark.django_db
    def test_keeps_nothing_of_what_failed(self, act: Act) -> None:
        def half() -> None:
            Queue.objects.create(name="lost")
            enqueue(samples.count, number=1)
            raise ValueError("no luck")

        act(half)
        row = run(enqueue(samples.whole))
        assert (row.state, row.error) == (State.WAITING, "ValueError: no luck")
        assert not Queue.objects.filter(name="lost").exists()
        assert Task.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_done_the_moment_it_is_committed(self, act: Act) -> None:
        found: list[str] = []

        def look() -> None:
            found.append(Task.objects.get(name="tasks.whole").state)

        act(lambda: transaction.on_commit(look))
        run(enqueue(samples.whole))
        assert found == [State.DONE]

    @pytest.mark.django_db(transaction=True)
    def test_that_cannot_be_committed_has_failed(self, act: Act) -> None:
        def orphan() -> None:  # a foreign key is looked at in the end
            Link.objects.create(
                user_id=uuid7(),
                purpose="not_me",
                email="",
                bound_to="",
                created_at=timezone.now(),
                expires_at=timezone.now(),
            )

        act(orphan)
        row = run(enqueue(samples.whole))
        assert (row.state, row.attempts) == (State.WAITING, 1)
        assert row.error.startswith(IntegrityError.__name__)
        assert Link.objects.count() == 0

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("loss", [lose, lose_to_another])
    def test_that_has_lost_its_lease_leaves_nothing_behind(
        self, act: Act, loss: Callable[[UUID], None], log_lines: Lines
    ) -> None:
        task_id = enqueue(samples.whole)

        def work_for_too_long() -> None:
            Queue.objects.create(name="lost")
            elsewhere(lambda: loss(task_id))

        act(work_for_too_long)
        row = run(task_id)
        assert not Queue.objects.filter(name="lost").exists()
        expected = (State.WAITING, 1) if loss is lose else (State.RUNNING, 2)
        assert (row.state, row.attempts) == expected
        assert "task done" not in {line["message"] for line in log_lines()}
