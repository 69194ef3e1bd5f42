import os
import socket
import sys
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from backend.core import migrations
from backend.core.management import preparation
from backend.core.management.commands import start
from tests.dev_server import answer, started
from tests.processes import free_port
from tests.project.commands import manage


class TestStart:
    def test_needs_nothing_and_says_where_everything_is(self, tree: Path) -> None:
        with started(tree) as (url, said):
            assert answer(f"{url}/api/v1/health/live/", said).status_code == 200
            ready = requests.get(f"{url}/api/v1/health/ready/", timeout=5)
            assert ready.json()["status"] == "healthy"
            for path in ("/api/v1/docs/", "/api/v1/redoc/", "/api/v1/schema/", "/admin/"):
                assert f"{url}{path}" in said.read_text()
                assert requests.get(f"{url}{path}", timeout=5).status_code == 200
        text = said.read_text()
        assert "SQLite" in text
        assert "migrations are pending" in text
        assert "Migrated." in text
        assert (tree / "db.sqlite3").exists()

    def test_says_what_to_do_when_the_port_is_taken(self, tree: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            ended = manage("start", folder=tree, DEV_PORT=port)
        assert ended.returncode == 1
        assert f"Cannot listen on 127.0.0.1:{port}" in ended.stderr
        assert "DEV_PORT" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert not (tree / "db.sqlite3").exists()

    def test_says_what_to_do_when_the_database_is_away(self, tree: Path) -> None:
        ended = manage(
            "start",
            folder=tree,
            DEBUG="true",
            DEV_PORT=free_port(),
            DB_HOST="127.0.0.1",
            DB_PORT=free_port(),
        )
        assert ended.returncode == 1
        assert "The database does not answer" in ended.stderr
        assert "Traceback" not in ended.stderr


class TestCommand:
    @pytest.fixture
    def executed(
        self, monkeypatch: pytest.MonkeyPatch, settings: Settings
    ) -> list[tuple[str, list[str]]]:
        """What the command turned into."""
        calls: list[tuple[str, list[str]]] = []
        monkeypatch.setattr(os, "execv", lambda path, argv: calls.append((path, argv)))
        monkeypatch.setattr(connections, "close_all", lambda: None)
        settings.DEBUG, settings.DEV_HOST, settings.DEV_PORT = True, "127.0.0.1", int(free_port())
        return calls

    def test_is_not_for_production(self, settings: Settings) -> None:
        settings.DEBUG = False
        with pytest.raises(CommandError, match="DEBUG=true"):
            call_command("start")

    @pytest.mark.django_db
    def test_becomes_the_production_server_with_reload(
        self,
        executed: list[tuple[str, list[str]]],
        settings: Settings,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        call_command("start")
        ((path, argv),) = executed
        assert path == argv[0] == sys.executable
        assert argv[1:3] == ["-m", "gunicorn"]
        assert "--reload" in argv
        assert f"127.0.0.1:{settings.DEV_PORT}" in argv
        said = capsys.readouterr().out
        assert "pending" not in said
        assert f"http://127.0.0.1:{settings.DEV_PORT}/api/v1/docs/" in said

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("typed", "migrated"), [("", True), ("y", True), ("n", False), ("No ", False)]
    )
    def test_asks_at_a_terminal_before_it_migrates(
        self,
        executed: list[tuple[str, list[str]]],
        monkeypatch: pytest.MonkeyPatch,
        typed: str,
        migrated: bool,
    ) -> None:
        calls: list[str] = []
        monkeypatch.setattr(migrations, "pending", lambda: ["users.0001_initial"])
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda _: typed)
        monkeypatch.setattr(preparation, "call_command", lambda name, **_: calls.append(name))
        call_command("start")
        assert calls == ["check_database", *(["migrate"] if migrated else [])]
        assert len(executed) == 1

    def test_writes_ipv6_as_urls_want_it(self) -> None:
        assert "[::1]:8000" in start._gunicorn("::1", 8000)
