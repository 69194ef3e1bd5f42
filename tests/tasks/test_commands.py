"""``just tasks``, ``just worker`` and ``just scheduler``."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from backend.core.ids import uuid7
from backend.tasks import services
from backend.tasks.management.commands import tasks as command
from backend.tasks.models import State, Task
from backend.testing import accounts
from tests.service import ROOT, Service
from tests.tasks.rows import record
from tests.waiting import PATIENCE_SECONDS, until


def run(*words: str) -> str:
    out = StringIO()
    call_command("tasks", *words, stdout=out, no_color=True)
    return out.getvalue()


@pytest.mark.django_db
class TestList:
    def test_of_nothing_says_so(self) -> None:
        record(State.DONE)
        assert run() == "Nothing is waiting, nothing has failed.\n"

    def test_shows_what_is_parked_first_and_the_oldest_first(self) -> None:
        rows = [
            record(state)
            for state in (State.WAITING, State.RUNNING, State.PARKED, State.DONE)
            for _ in range(2)
        ]
        shown = [line.split()[0] for line in run().splitlines()[1:]]
        assert shown == [str(rows[number].pk) for number in (4, 5, 2, 3, 0, 1)]

    @pytest.mark.parametrize(
        ("state", "attempts", "shown"),
        [
            (State.WAITING, 0, "waiting"),
            (State.WAITING, 3, "failed"),
            (State.RUNNING, 1, "running"),
            (State.PARKED, 20, "parked"),
        ],
    )
    def test_tells_the_failed_from_those_that_wait(
        self, state: State, attempts: int, shown: str
    ) -> None:
        row = record(state, attempts=attempts, created_at=timezone.now() - timedelta(hours=3.5))
        (line,) = run().splitlines()[1:]
        assert line.split() == [str(row.pk), shown, str(attempts), "3", "hours", "tasks.count"]

    def test_shows_the_last_error_below_its_task(self) -> None:
        record(State.PARKED, error="SMTPException: 550 [address]")
        record(State.WAITING)
        lines = run().splitlines()
        assert lines[2] == "    SMTPException: 550 [address]"
        assert len(lines) == 4

    def test_is_no_longer_than_a_screen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(command, "SHOWN", 3)
        for _ in range(3):
            record()
        assert len(run().splitlines()) == 4
        record()
        assert run().splitlines()[4:] == ["… and more."]


@pytest.mark.django_db
class TestRetry:
    @pytest.mark.parametrize("state", [State.PARKED, State.WAITING])
    def test_gives_a_task_all_its_attempts_now(self, state: State) -> None:
        later = timezone.now() + timedelta(hours=1)
        finished = timezone.now() if state == State.PARKED else None
        row = record(
            state,
            attempts=20,
            error="ValueError",
            due_at=later,
            publish_at=later,
            finished_at=finished,
        )
        assert run("retry", str(row.pk)) == "It will be tried now.\n"
        row.refresh_from_db()
        assert (row.state, row.attempts, row.finished_at) == (State.WAITING, 0, None)
        assert max(row.due_at, row.publish_at) <= timezone.now() + timedelta(seconds=1)

    def test_of_all_is_for_the_parked(self) -> None:
        parked = [record(State.PARKED), record(State.PARKED)]
        waiting, running = record(attempts=3), record(State.RUNNING, attempts=3)
        assert run("retry", "--all") == "2 tasks will be tried again.\n"
        states = dict(Task.objects.values_list("pk", "state"))
        assert [states[row.pk] for row in parked] == [State.WAITING] * 2
        assert states[running.pk] == State.RUNNING
        waiting.refresh_from_db()
        assert waiting.attempts == 3

    @pytest.mark.parametrize(
        "words", [("retry",), ("retry", "5"), ("retry", "--all", str(uuid7()))]
    )
    def test_wants_a_task_or_all(self, words: tuple[str, ...]) -> None:
        with pytest.raises(CommandError):
            run(*words)


@pytest.mark.django_db
class TestDrop:
    @pytest.mark.parametrize("state", [State.PARKED, State.WAITING])
    def test_removes_a_task(self, state: State) -> None:
        row, other = record(state), record(state)
        assert run("drop", str(row.pk)) == "Dropped.\n"
        assert Task.objects.get() == other


@pytest.mark.django_db
class TestDecision:
    @pytest.mark.parametrize("action", ["retry", "drop"])
    def test_about_no_task_is_refused(self, action: str) -> None:
        with pytest.raises(CommandError, match="no such task, or it is running or done"):
            run(action, str(uuid7()))

    @pytest.mark.parametrize("state", [State.RUNNING, State.DONE])
    @pytest.mark.parametrize("action", ["retry", "drop"])
    def test_about_what_runs_or_is_done_is_refused(self, action: str, state: State) -> None:
        row = record(state)
        with pytest.raises(CommandError, match="no such task, or it is running or done"):
            run(action, str(row.pk))
        assert Task.objects.get().state == state


@pytest.mark.django_db
class TestForget:
    def test_drops_what_names_somebody(self) -> None:
        kept = [
            record(arguments='{"email":"ada@example.com.au"}'),
            record(arguments='{"email":"","user_agent":""}'),
            record(State.DONE, arguments='{"email":"ada@example.com"}'),
        ]
        for state in (State.WAITING, State.PARKED, State.RUNNING):
            record(state, arguments='{"email":"ada@example.com"}')
        assert services.forget("ada@example.com", str(uuid7())) == 3
        assert {*Task.objects.all()} == {*kept}

    @pytest.mark.parametrize("values", [(), ("",)])
    def test_of_nobody_drops_nothing(self, values: tuple[str, ...]) -> None:
        record(arguments='{"email":"ada@example.com","user_agent":""}')
        assert services.forget(*values) == 0
        assert Task.objects.count() == 1


class Running:
    """A worker or a scheduler in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    def lines(self) -> list[dict[str, Any]]:
        """What it has said, every line of it an object."""
        said = self._log.read_text()
        return [json.loads(line) for line in said[: said.rfind("\n") + 1].splitlines()]

    def says(self, message: str) -> bool:
        return any(line["message"] == message for line in self.lines())

    def end(self, number: signal.Signals) -> int:
        """Its exit status, once it has been told to stop."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(service: Service, log: Path, *words: str) -> Iterator[Running]:
    """A command on a service's database."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=service.environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Running(process, log)
    finally:
        process.kill()
        process.wait()


class TestProcess:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    @pytest.mark.parametrize("name", ["worker", "scheduler"])
    def test_ends_in_order(
        self, service: Service, tmp_path: Path, name: str, number: signal.Signals
    ) -> None:
        with running(service, tmp_path / "log", name) as started:
            until(lambda: started.says(f"{name} started"))
            assert started.end(number) == 0
            assert started.lines()[-1]["message"] == f"{name} stopped"

    @pytest.mark.parametrize("name", ["worker", "scheduler"])
    def test_ends_in_order_however_often_it_is_told(
        self, service: Service, tmp_path: Path, name: str
    ) -> None:
        with running(service, tmp_path / "log", name) as started:
            until(lambda: started.says(f"{name} started"))
            for _ in range(200):
                started.process.send_signal(signal.SIGTERM)
            assert started.end(signal.SIGINT) == 0

    def test_of_a_worker_has_as_many_threads_as_it_is_told(
        self, service: Service, tmp_path: Path
    ) -> None:
        with running(service, tmp_path / "log", "worker", "--threads", "3") as started:
            until(lambda: started.says("worker started"))
            assert started.end(signal.SIGTERM) == 0
            (line,) = [line for line in started.lines() if "threads" in line]
            assert line["threads"] == 3

    @pytest.mark.postgresql  # embedded, a scheduler of the server's own leads
    def test_of_a_scheduler_purges_at_once(self, service: Service, tmp_path: Path) -> None:
        with running(service, tmp_path / "log", "scheduler") as started:
            until(lambda: started.says("purged"))
            assert started.end(signal.SIGTERM) == 0

    @pytest.mark.postgresql  # embedded, the server does it itself
    def test_of_a_worker_does_what_a_request_has_caused(
        self, service: Service, tmp_path: Path
    ) -> None:
        with running(service, tmp_path / "log", "worker") as started:
            until(lambda: started.says("worker started"))
            account = accounts.register(service.client())
            body = {"email": account.email}
            headers = {"X-Request-ID": "the-request"}
            answer = service.client().post("auth/email/verify/resend/", body, headers=headers)
            assert answer.status == 202
            until(lambda: len(of_the_request(started)) == 2)
            assert started.end(signal.SIGTERM) == 0
            names = [line["task"] for line in of_the_request(started)]
            assert names == ["authentication.start_verification", "authentication.send_link"]
            assert account.email not in str(started.lines())


def of_the_request(started: Running) -> list[dict[str, Any]]:
    return [
        line
        for line in started.lines()
        if line["message"] == "task done" and line.get("request_id") == "the-request"
    ]
