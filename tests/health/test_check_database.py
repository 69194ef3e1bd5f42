import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.utils import Error

from backend.health.management.commands import check_database
from tests.processes import free_port
from tests.project.commands import manage


class TestCheckDatabase:
    @pytest.mark.django_db
    def test_says_what_answers(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("check_database")
        said = capsys.readouterr().out
        assert "answers in" in said
        assert said.startswith(("PostgreSQL 1", "SQLite 3"))

    def test_fails_once_when_nothing_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = Database(monkeypatch, OperationalError("first line\nit is away\n"))
        with pytest.raises(CommandError, match=r"it is away \(at .*DB_HOST"):
            call_command("check_database")
        assert asked.times == 1

    def test_waits_until_something_does(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        error = OperationalError("starting")
        asked = Database(monkeypatch, error, error, None)
        call_command("check_database", "--wait", "10")
        assert asked.times == 3
        assert "answers in" in capsys.readouterr().out

    def test_waits_no_longer_than_it_should(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = Database(monkeypatch, *[OperationalError("")] * 100)
        with pytest.raises(CommandError, match="OperationalError"):
            call_command("check_database", "--wait", "2")
        assert 3 <= asked.times <= 6
        assert asked.slept <= 2

    def test_names_no_password(self, tree: Path) -> None:
        ended = manage(
            "check_database",
            folder=tree,
            DEBUG="true",
            DB_HOST="127.0.0.1",
            DB_PORT=free_port(),
            DB_PASSWORD="hunter2hunter2",
        )
        assert ended.returncode == 1
        assert "does not answer" in ended.stderr
        assert "hunter2" not in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr


class Database:
    """Stands for one that fails a few times; its clock moves by the pauses alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Error | None) -> None:
        self.times, self.slept = 0, 0.0

        def version() -> str:
            error = answers[self.times]
            self.times += 1
            if error:
                raise error
            return "PostgreSQL 18"

        def sleep(seconds: float) -> None:
            self.slept += seconds

        clock: Any = type("Clock", (), {})
        clock.monotonic = staticmethod(lambda: self.slept)
        clock.perf_counter = staticmethod(time.perf_counter)
        clock.sleep = staticmethod(sleep)
        monkeypatch.setattr(check_database, "_version", version)
        monkeypatch.setattr(check_database, "time", clock)
        monkeypatch.setattr(check_database, "_without_pool", lambda: None)
