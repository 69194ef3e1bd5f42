"""``just backup``."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone

from backend.core.backups import files, programs
from backend.core.backups.failure import BackupFailed
from tests.core.backups.conftest import World
from tests.core.backups.recipes import backup, restore
from tests.core.databases import STARTED_WITH, Database, postgresql
from tests.processes import free_port
from tests.waiting import wait_for

# Where the server asks for none, any will do.
PASSWORD = STARTED_WITH.get("DB_PASSWORD") or "a-password-nobody-asks-for"


class TestBackup:
    def test_is_named_after_time_and_database(self, world: World, folder: Path) -> None:
        before = timezone.now()
        stamp, _, name = backup(folder).name.partition("-")
        assert f"{before:%Y%m%dT%H%M%SZ}" <= stamp <= f"{timezone.now():%Y%m%dT%H%M%SZ}"
        suffix = {"postgresql": ".dump", "sqlite": ".sqlite3"}[world.database.kind]
        assert name == Path(world.database.name).stem + suffix

    def test_is_for_its_owner_alone(self, world: World, folder: Path) -> None:
        umask = os.umask(0)
        try:
            file = backup(folder)
        finally:
            os.umask(umask)
        modes = [path.stat().st_mode & 0o777 for path in (folder, file, files.checksum_of(file))]
        assert modes == [0o700, 0o600, 0o600]

    def test_has_a_checksum_that_everybody_can_check(self, world: World, folder: Path) -> None:
        file = backup(folder)
        check = ["sha256sum", "--check", "--strict", f"{file.name}.sha256"]
        subprocess.run(check, cwd=folder, check=True, capture_output=True)

    def test_holds_no_cookie(self, world: World, folder: Path) -> None:
        assert world.database.query("SELECT session_key FROM django_session") == [(world.cookie,)]
        file = backup(folder)
        assert world.cookie.encode() not in file.read_bytes()
        restore(file, "--yes")
        assert world.database.query("SELECT session_key FROM django_session") == []

    def test_leaves_nothing_beside_it(self, world: World, folder: Path) -> None:
        file = backup(folder)
        assert {*folder.iterdir()} == {file, files.checksum_of(file)}

    def test_overwrites_no_other(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: now)
        file = backup(folder)
        before = file.stat()
        with pytest.raises(CommandError, match="this very second"):
            backup(folder)
        assert file.stat() == before
        assert len([*folder.iterdir()]) == 2

    def test_says_why_it_cannot_be_written(self, world: World, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(CommandError, match=r"There is no backup: .*file"):
            backup(tmp_path / "file")

    @pytest.mark.postgresql
    def test_of_what_is_away_leaves_nothing(self, folder: Path) -> None:
        away = Database("postgresql", "none")
        command = away.start("backup", "--into", str(folder), DB_PORT=free_port())
        said, _ = command.communicate(timeout=60)
        assert command.returncode == 1
        assert "There is no backup" in said
        assert "check-db" in said
        assert "Traceback" not in said
        assert not [*folder.glob("*")]


@pytest.mark.postgresql
class TestBackupUnderWay:
    @pytest.fixture
    def command(self, folder: Path) -> Iterator[subprocess.Popen[str]]:
        """A backup that waits for somebody who holds a table."""
        with postgresql() as database, closing(database.connect()) as holder:
            holder.execute("CREATE TABLE held ()")
            holder.execute("BEGIN; LOCK TABLE held")
            started = database.start("backup", "--into", str(folder), DB_PASSWORD=PASSWORD)
            waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'held'::regclass"
            wait_for(lambda: bool(database.query(waiting)), 30)
            yield started
            started.kill()
            started.communicate()

    def test_is_a_private_file_by_another_name(
        self, command: subprocess.Popen[str], folder: Path
    ) -> None:
        (partial,) = folder.iterdir()
        assert re.fullmatch(r"\..*\.partial", partial.name)
        assert partial.stat().st_mode & 0o777 == 0o600

    def test_shows_nobody_the_password(self, command: subprocess.Popen[str]) -> None:
        tasks = Path(f"/proc/{command.pid}/task")
        children = [path.read_text().split() for path in tasks.glob("*/children")]
        (pg_dump,) = [Path("/proc", child) for found in children for child in found]
        assert b"pg_dump" in (pg_dump / "cmdline").read_bytes()
        assert PASSWORD.encode() not in (pg_dump / "cmdline").read_bytes()
        assert f"PGPASSWORD={PASSWORD}".encode() in (pg_dump / "environ").read_bytes()


class TestProgram:
    """PostgreSQL's, beside a server of version 15."""

    @pytest.fixture(autouse=True)
    def _server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        server: Any = type(
            "Connection", (), {"info": type("Info", (), {"server_version": 15_0020})}
        )
        monkeypatch.setattr(programs, "_raw", lambda: server)

    @pytest.fixture
    def there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
        """Programs of some versions, of which the machine has whatever is left."""
        paths = {version: str(tmp_path / f"pg_dump-{version}") for version in (14, 15, 16, 17)}
        for version, path in paths.items():
            Path(path).write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}.3'\n")
            Path(path).chmod(0o700)
        monkeypatch.setattr(programs, "_candidates", lambda _: iter(paths.values()))
        return paths

    def test_is_of_the_servers_version(self, there: dict[int, str]) -> None:
        assert programs.program("pg_dump") == there[15]

    def test_is_of_the_next_newer_one_otherwise(self, there: dict[int, str]) -> None:
        del there[15]
        assert programs.program("pg_dump") == there[16]

    def test_is_never_older(self, there: dict[int, str]) -> None:
        del there[15], there[16], there[17]
        with pytest.raises(BackupFailed, match="of PostgreSQL 15 is needed, and there is only 14"):
            programs.program("pg_dump")

    def test_may_be_missing(self, there: dict[int, str]) -> None:
        there.clear()
        with pytest.raises(BackupFailed, match="there is none: install postgresql-client"):
            programs.program("pg_dump")
