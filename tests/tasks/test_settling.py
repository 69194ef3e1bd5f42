"""How an attempt ends in its row: by nobody but its worker, and in spite of outages."""

import time
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from dramatiq.middleware import TimeLimitExceeded

from backend.tasks import execution
from backend.tasks.models import State, TaskQuerySet
from backend.tasks.outbox import enqueue
from backend.testing.races import elsewhere
from tests.conftest import Lines
from tests.tasks import samples
from tests.tasks.conftest import Act
from tests.tasks.rows import hurry, lose, lose_to_another, run
from tests.tasks.samples import failing


@pytest.mark.django_db
class TestFence:
    @pytest.mark.parametrize("loss", [lose, lose_to_another])
    @pytest.mark.parametrize("error", [None, ValueError("no luck"), samples.Hopeless("no luck")])
    def test_keeps_a_worker_that_lost_its_lease_from_reporting(
        self,
        act: Act,
        log_lines: Lines,
        loss: Callable[[UUID], None],
        error: Exception | None,
    ) -> None:
        task_id = enqueue(samples.proud)

        def work_for_too_long() -> None:
            hurry(task_id)
            loss(task_id)
            if error is not None:
                raise error

        act(work_for_too_long)
        row = run(task_id)
        expected = (State.WAITING, 1) if loss is lose else (State.RUNNING, 2)
        assert (row.state, row.attempts) == expected
        assert row.error == "Its worker died"
        (line,) = [line for line in log_lines() if line["message"].startswith("task ")]
        assert (line["message"], line["level"]) == ("task outcome unknown", "ERROR")

    def test_lets_the_other_worker_report(self, act: Act) -> None:
        task_id = enqueue(samples.count, number=1)
        act(lambda: lose(task_id))
        execution.run(task_id)
        act(lambda: None)
        row = run(task_id)
        assert (row.state, row.attempts) == (State.DONE, 2)


@pytest.mark.django_db(transaction=True)
class TestSettling:
    @pytest.fixture
    def away(self, monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
        """What the next writes of an outcome raise."""
        errors: list[BaseException] = []
        finish = TaskQuerySet.finish

        def fail_first(rows: TaskQuerySet) -> int:
            if errors:
                raise errors.pop()
            return finish(rows)

        monkeypatch.setattr(TaskQuerySet, "finish", fail_first)
        monkeypatch.setattr(execution, "_PAUSE_SECONDS", 0.001)
        return errors

    def test_insists_while_the_database_is_away(
        self, away: list[BaseException], log_lines: Lines
    ) -> None:
        away += [OperationalError("away"), InterfaceError("closed")]
        row = run(enqueue(samples.count, number=1))
        assert (row.state, row.attempts) == (State.DONE, 1)
        assert away == []
        assert len(samples.calls) == 1
        assert "task done" in {line["message"] for line in log_lines()}

    @pytest.mark.parametrize("last", [True, False])
    def test_insists_although_the_time_limit_strikes_meanwhile(
        self, away: list[BaseException], last: bool
    ) -> None:
        away += [TimeLimitExceeded()] if last else [OperationalError("away"), TimeLimitExceeded()]
        row = run(enqueue(samples.count, number=1))
        assert (row.state, row.attempts) == (State.DONE, 1)
        assert away == []

    def test_gives_up_after_a_while(
        self, away: list[BaseException], log_lines: Lines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(execution, "SETTLE_SECONDS", 0.05)
        away += [OperationalError("away")] * 10_000
        row = run(enqueue(samples.count, number=1))
        assert row.state == State.RUNNING  # its lease runs out
        assert away
        assert execution.running() == []
        messages = {line["message"] for line in log_lines()}
        assert "task outcome unknown" in messages
        assert "task done" not in messages

    @pytest.mark.parametrize("error", [IntegrityError("a mistake"), SystemExit()])
    def test_that_is_interrupted_is_told_of(
        self, monkeypatch: pytest.MonkeyPatch, log_lines: Lines, error: BaseException
    ) -> None:
        monkeypatch.setattr(TaskQuerySet, "finish", lambda _: failing(error)())
        row = run(enqueue(samples.count, number=1))
        assert row.state == State.RUNNING  # its lease runs out
        assert execution.running() == []
        (line,) = [line for line in log_lines() if line["message"].startswith("task ")]
        assert (line["message"], line["level"]) == ("task outcome unknown", "ERROR")
        assert line["task_id"] == str(row.pk)
        assert type(error).__name__ in line["exception"]

    @pytest.mark.postgresql
    @pytest.mark.parametrize("ends_well", [True, False])
    def test_takes_a_new_connection_where_the_old_one_broke(
        self, act: Act, ends_well: bool
    ) -> None:
        def lose_the_connection() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (pid,) = cursor.fetchone()
            elsewhere(lambda: end_backend(pid))
            if not ends_well:
                raise ValueError("no luck")

        act(lose_the_connection)
        started = time.monotonic()
        row = run(enqueue(samples.count, number=1))
        assert row.state == (State.DONE if ends_well else State.WAITING)
        assert time.monotonic() - started < execution.SETTLE_SECONDS * 0.8


def end_backend(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
