"""Running tasks: what a row, a log line and the task itself are told."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from backend.core.context import request_id
from backend.core.ids import uuid7
from backend.tasks import canaries, execution, registry
from backend.tasks.execution import current_task
from backend.tasks.models import LEASE, Queue, State, Task, TaskQuerySet, tasks
from backend.tasks.outbox import enqueue
from backend.tasks.worker import TaskWorker
from backend.testing.races import at_once
from tests.conftest import Lines
from tests.tasks import samples
from tests.tasks.conftest import Act
from tests.tasks.rows import hurry, run
from tests.tasks.samples import failing
from tests.waiting import until


@pytest.mark.django_db
class TestRun:
    def test_leaves_a_task_done_and_empty(self) -> None:
        row = run(enqueue(samples.count, number=1))
        assert (row.state, row.attempts, row.arguments, row.error) == (State.DONE, 1, "{}", "")
        assert row.lease_until is None
        assert row.finished_at
        assert abs(timezone.now() - row.finished_at) < timedelta(minutes=1)
        assert [call.arguments for call in samples.calls] == [{"number": 1}]

    def test_forgets_the_error_of_an_attempt_before(self, act: Act) -> None:
        task_id = enqueue(samples.count, number=1)
        act(failing(ValueError("no luck")))
        assert run(task_id).error == "ValueError: no luck"
        act(lambda: None)
        hurry(task_id)
        row = run(task_id)
        assert (row.state, row.attempts, row.error) == (State.DONE, 2, "")

    @pytest.mark.parametrize("state", [State.DONE, State.PARKED, State.RUNNING])
    def test_does_nothing_with_a_task_that_does_not_wait(self, state: State) -> None:
        task_id = enqueue(samples.count, number=1)
        until = timezone.now() + LEASE if state == State.RUNNING else None
        Task.objects.filter(pk=task_id).update(state=state, lease_until=until)
        assert run(task_id).state == state
        assert samples.calls == []

    def test_does_nothing_before_a_task_is_due(self) -> None:
        task_id = enqueue(samples.count, number=1)
        later = timezone.now() + timedelta(minutes=1)
        Task.objects.filter(pk=task_id).update(due_at=later)
        row = run(task_id)
        assert (row.state, row.attempts) == (State.WAITING, 0)
        hurry(task_id)
        assert run(task_id).state == State.DONE

    def test_does_nothing_with_a_task_that_is_gone(self) -> None:
        execution.run(uuid7())
        assert samples.calls == []

    def test_is_done_once(self) -> None:
        task_id = enqueue(samples.count, number=1)
        for _ in range(3):
            execution.run(task_id)
        assert len(samples.calls) == 1

    @pytest.mark.parametrize("error", [OperationalError, InterfaceError])
    def test_waits_for_the_relay_while_the_database_is_away(
        self, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
    ) -> None:
        task_id = enqueue(samples.count, number=1)
        with monkeypatch.context() as patch:
            patch.setattr(TaskQuerySet, "claim", lambda *_: failing(error("away"))())
            execution.run(task_id)
        assert samples.calls == []
        assert run(task_id).state == State.DONE

    @pytest.mark.parametrize("outcome", ["done", "failed", "parked"])
    def test_counts_as_service_of_its_queue(self, act: Act, outcome: str) -> None:
        Queue.objects.create(name="default")
        if outcome != "done":
            act(failing(samples.Hopeless() if outcome == "parked" else ValueError()))
        run(enqueue(samples.proud))
        assert Queue.objects.get(pk="default").served_at

    def test_is_not_hurt_by_a_service_that_cannot_be_noted(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(canaries, "served", lambda *_: failing(OperationalError("away"))())
        assert run(enqueue(samples.count, number=1)).state == State.DONE


@pytest.mark.django_db
class TestContext:
    def test_of_a_task_is_its_request_and_its_id(self) -> None:
        token = request_id.set("the-request")
        task_id = enqueue(samples.count, number=1)
        request_id.reset(token)
        execution.run(task_id)
        (call,) = samples.calls
        assert (call.request_id, call.task_id) == ("the-request", task_id)

    @pytest.mark.parametrize("error", [None, ValueError(), SystemExit()])
    def test_is_gone_afterwards(self, act: Act, error: BaseException | None) -> None:
        if error is not None:
            act(failing(error))
        token = request_id.set("of the caller")
        task_id = enqueue(samples.count, number=1)
        request_id.set("of the thread")
        execution.run(task_id)
        assert (request_id.get(), current_task.get()) == ("of the thread", None)
        assert execution.running() == []
        request_id.reset(token)

    def test_tells_the_relay_whose_lease_to_keep(self, act: Act) -> None:
        found: list[list[UUID]] = []
        act(lambda: found.append(execution.running()))
        task_id = enqueue(samples.count, number=1)
        execution.run(task_id)
        assert found == [[task_id]]

    def test_of_a_task_reaches_the_tasks_that_it_causes(self, act: Act) -> None:
        token = request_id.set("the-request")
        act(lambda: enqueue(samples.short))
        task_id = enqueue(samples.count, number=1)
        request_id.reset(token)
        execution.run(task_id)
        assert Task.objects.get(name="tasks.short").request_id == "the-request"


@pytest.mark.django_db
class TestFailure:
    @pytest.mark.parametrize(
        ("attempt", "seconds"),
        [(1, 2), (2, 4), (3, 8), (5, 32), (9, 512), (10, 600), (11, 600), (19, 600)],
    )
    def test_waits_twice_as_long_each_time_and_ten_minutes_at_most(
        self, act: Act, attempt: int, seconds: int
    ) -> None:
        act(failing(ValueError("no luck")))
        task_id = enqueue(samples.count, number=1)
        Task.objects.filter(pk=task_id).update(attempts=attempt - 1)
        before = timezone.now()
        row = run(task_id)
        assert (row.state, row.attempts) == (State.WAITING, attempt)
        pause = (row.due_at - before).total_seconds()
        assert seconds - 0.1 < pause < seconds * 1.2 + 5
        assert row.publish_at == row.due_at
        assert row.lease_until is None

    def test_keeps_its_error_and_the_arguments(self, act: Act) -> None:
        act(failing(ValueError("no luck")))
        row = run(enqueue(samples.count, number=7))
        assert row.error == "ValueError: no luck"
        assert row.arguments == '{"number":7}'

    def test_of_many_at_once_does_not_bring_them_back_at_once(self, act: Act) -> None:
        act(failing(ValueError("no luck")))
        pauses = []
        for number in (0, 99):
            row = Task.objects.create(
                id=UUID(int=1000 + number),
                name="tasks.count",
                queue="default",
                arguments='{"number":1}',
                attempts=8,
            )
            before = timezone.now()
            pauses.append((run(row.pk).due_at - before).total_seconds())
        assert pauses[1] - pauses[0] > 50

    def test_parks_a_task_after_its_last_attempt(self, act: Act) -> None:
        act(failing(ValueError("no luck")))
        task_id = enqueue(samples.short)
        states = []
        for _ in range(4):
            hurry(task_id)
            states.append(run(task_id).state)
        assert states == [State.WAITING, State.WAITING, State.PARKED, State.PARKED]
        row = Task.objects.get(pk=task_id)
        assert (row.attempts, row.error) == (3, "ValueError: no luck")
        assert row.finished_at
        assert len(samples.calls) == 3

    @pytest.mark.parametrize("kind", ["itself", "a kind of it"])
    def test_that_will_not_pass_parks_a_task_at_once(self, act: Act, kind: str) -> None:
        class Refused(samples.Hopeless):
            pass

        act(failing(samples.Hopeless("no") if kind == "itself" else Refused("no")))
        row = run(enqueue(samples.proud))
        assert (row.state, row.attempts) == (State.PARKED, 1)
        assert row.error.endswith(": no")

    def test_of_another_kind_waits_as_usual(self, act: Act) -> None:
        act(failing(ValueError("no luck")))
        assert run(enqueue(samples.proud)).state == State.WAITING

    def test_parks_a_task_that_nobody_declares(self) -> None:
        row = Task.objects.create(name="tasks.forgotten", queue="default")
        row = run(row.pk)
        assert (row.state, row.error) == (State.PARKED, "No app declares this task")

    @pytest.mark.parametrize("arguments", ['{"number":"many"}', "{}", '{"numbre":1}', "not JSON"])
    def test_is_an_argument_that_does_not_fit(self, arguments: str) -> None:
        task_id = enqueue(samples.count, number=1)
        Task.objects.filter(pk=task_id).update(arguments=arguments)
        row = run(task_id)
        assert (row.state, row.attempts) == (State.WAITING, 1)
        assert row.error
        assert samples.calls == []

    @pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
    def test_is_whatever_is_raised(self, act: Act, error: type[BaseException]) -> None:
        act(failing(error()))
        row = run(enqueue(samples.count, number=1))
        assert (row.state, row.error) == (State.WAITING, error.__name__)

    @pytest.mark.parametrize("text", ["a\x00b", "a\udcffb", "a\x1b[31mb", "a\r\nb"])
    def test_is_recorded_whatever_its_text_is(self, act: Act, text: str) -> None:
        act(failing(ValueError(text)))
        row = run(enqueue(samples.count, number=1))
        assert row.state == State.WAITING
        assert row.error.isprintable()
        assert row.error.startswith("ValueError: a ")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_of_twenty_threads_runs_a_task_once(self) -> None:
        for sample in (samples.count, samples.short):
            task_id = enqueue(sample, number=1)
            samples.calls.clear()
            at_once([partial(execution.run, task_id)] * 20)
            assert len(samples.calls) == 1
            row = Task.objects.get(pk=task_id)
            assert (row.state, row.attempts) == (State.DONE, 1)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("in_memory")
class TestTimeLimit:
    def test_interrupts_a_task_and_lets_it_wait(self, log_lines: Lines) -> None:
        worker = TaskWorker(1)
        task_id = enqueue(samples.endless)
        worker.start()
        try:
            until(lambda: tasks().filter(pk=task_id, state=State.WAITING, attempts=1).exists())
        finally:
            worker.stop()
        row = Task.objects.get(pk=task_id)
        assert (row.error, row.attempts) == ("TimeLimitExceeded", 1)
        assert row.due_at > row.created_at
        (line,) = [line for line in log_lines() if line["message"] == "task failed"]
        assert line["reason"] == "TimeLimitExceeded"
        assert line["duration_ms"] > 900

    def test_lets_the_thread_go_on_with_other_tasks(self) -> None:
        worker = TaskWorker(1)
        enqueue(samples.endless)
        other = enqueue(samples.count, number=1)
        worker.start()
        try:
            until(lambda: tasks().filter(pk=other, state=State.DONE).exists())
        finally:
            worker.stop()

    def test_is_each_tasks_own(self) -> None:
        assert (samples.endless.time_limit, samples.count.time_limit) == (
            1,
            registry.TIME_LIMIT_SECONDS,
        )
