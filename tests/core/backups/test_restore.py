"""``just restore``: what comes back, what must not, and everything that can go wrong."""

import signal
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client

from backend.core.backups import aftermath, files
from backend.testing import accounts, staff
from backend.testing.browser import browser
from backend.testing.client import InProcess
from tests.core.backups.conftest import POSTGRESQL, World
from tests.core.backups.recipes import backup, restore
from tests.core.databases import in_use, postgresql, sqlite
from tests.users.browser import is_signed_in
from tests.waiting import wait_for

NEW = "another horse battery 9"


on_postgresql = pytest.mark.parametrize("populated", [POSTGRESQL], indirect=True)


def seal(file: Path) -> None:
    """Give a file the checksum that fits it."""
    files.checksum_of(file).unlink(missing_ok=True)
    files._write_checksum(file, file)


def is_refused(file: Path) -> str:
    """Why a file is not restored, which is said before anybody is asked."""
    with pytest.raises(CommandError) as refusal:
        restore(file, "--yes")
    return str(refusal.value)


class TestRestore:
    def test_brings_back_what_was_there(self, world: World, folder: Path) -> None:
        file = backup(folder)
        world.rename("Eve")
        accounts.register(InProcess(), first_name="Mallory")
        said = restore(file, "--yes")
        assert world.names() == ["Ada"]
        assert f"Restored {file.name}." in said
        assert "pending" not in said

    def test_brings_it_into_an_empty_database(
        self, world: World, folder: Path, tmp_path: Path
    ) -> None:
        file = backup(folder)
        is_sqlite = world.database.kind == "sqlite"
        with nullcontext(sqlite(tmp_path)) if is_sqlite else postgresql() as empty, in_use(empty):
            assert "is empty, or of another version." in restore(file, "--yes")
            assert world.ada.log_in().status == 200

    @on_postgresql
    @pytest.mark.parametrize("statement", ["UPDATE {} SET type = ''", "DELETE FROM {}"])
    def test_brings_back_the_guard_of_the_record(
        self, world: World, folder: Path, statement: str
    ) -> None:
        restore(backup(folder), "--yes")
        with pytest.raises(Exception, match="append-only"):
            world.database.query(statement.format("audit_securityevent"))

    @on_postgresql
    def test_brings_back_the_index_for_searching(self, world: World, folder: Path) -> None:
        restore(backup(folder), "--yes")
        index = "SELECT indexdef FROM pg_indexes WHERE indexname = 'users_user_search_text_trgm'"
        assert "gin_trgm_ops" in str(world.database.query(index))

    def test_takes_away_what_a_newer_version_has_added(self, world: World, folder: Path) -> None:
        file = backup(folder)
        world.database.query(
            "CREATE TABLE badge (id int, owner_id uuid REFERENCES users_user (id))"
        )
        restore(file, "--yes")
        with pytest.raises(Exception, match="badge"):
            world.database.query("SELECT * FROM badge")

    def test_tells_what_an_older_version_lacks(self, world: World, folder: Path) -> None:
        call_command("migrate", "tasks", "zero", verbosity=0)
        file = backup(folder)
        call_command("migrate", verbosity=0)
        assert "1 migrations are pending: just migrate" in restore(file, "--yes")
        call_command("migrate", verbosity=0)
        assert world.names() == ["Ada"]

    def test_says_what_must_be_done_by_hand(self, world: World, folder: Path) -> None:
        assert "Who left after the backup was made is back" in restore(backup(folder), "--yes")


class TestQuestion:
    def test_is_asked_first(self, world: World, folder: Path) -> None:
        file = backup(folder)
        world.rename("Eve")
        with pytest.raises(CommandError, match="To restore without being asked: --yes"):
            restore(file)
        assert world.names() == ["Eve"]

    @pytest.mark.parametrize(("answer", "name"), [("n", "Eve"), ("", "Eve"), ("y", "Ada")])
    def test_takes_nothing_but_yes_for_a_yes(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, name: str
    ) -> None:
        file = backup(folder)
        world.rename("Eve")
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("builtins.input", lambda _: answer)
        try:
            restore(file)
        except CommandError:
            assert name == "Eve"
        assert world.names() == [name]

    def test_says_what_will_be_replaced(self, world: World, folder: Path) -> None:
        file = backup(folder)
        said = restore(file, "--yes")
        assert f"The database {world.database.name}" in said
        assert "holds accounts." in said
        assert f"All of it will be replaced with {file.name}." in said

    def test_says_where_there_is_nothing_to_lose(self, world: World, folder: Path) -> None:
        file = backup(folder)
        world.database.query("DELETE FROM authentication_session")
        world.database.query("DELETE FROM authentication_link")
        world.database.query("DELETE FROM users_user")
        assert "holds no accounts." in restore(file, "--yes")


class TestWhatMustNotComeBack:
    def test_a_session(self, world: World, folder: Path) -> None:
        assert world.ada.me().status == 200
        said = restore(backup(folder), "--yes")
        assert world.ada.me().code == world.ada.spend().code == "session_revoked"
        assert "Every session has ended" in said
        assert world.ada.log_in().status == 200

    def test_a_session_of_the_admin_site(self, world: World, folder: Path) -> None:
        client = Client()
        client.cookies["sessionid"] = world.cookie
        assert is_signed_in(client)
        restore(backup(folder), "--yes")  # and the cache still has it
        assert not is_signed_in(client)

    def test_one_that_only_the_cache_remembers(self, world: World, folder: Path) -> None:
        file = backup(folder)
        world.database.query("UPDATE users_user SET session_epoch = session_epoch + 1")
        later = browser(staff.user_of(world.ada))
        world.database.query("UPDATE users_user SET session_epoch = session_epoch + 1")
        restore(file, "--yes")
        assert not is_signed_in(later)

    def test_a_version_that_somebody_has_read(self, world: World, folder: Path) -> None:
        file = backup(folder)
        world.database.query("UPDATE users_user SET version = version + 1")
        read = staff.user_of(world.ada).version
        assert "Users have new versions" in restore(file, "--yes")
        assert staff.user_of(world.ada).version > read

    def test_a_mailed_link(self, world: World, folder: Path) -> None:
        said = restore(backup(folder), "--yes")
        body = {"token": world.link, "password": NEW, "password_confirm": NEW}
        answer = InProcess().post("auth/password/reset/confirm/", body)
        assert (answer.status, answer.code) == (400, "token_invalid")
        assert "Mailed links are used up" in said

    def test_an_open_task(self, world: World, folder: Path) -> None:
        lease = {"postgresql": "now()", "sqlite": "CURRENT_TIMESTAMP"}[world.database.kind]
        world.database.query(
            "INSERT INTO tasks_task (id, name, queue, arguments, request_id, state, attempts,"
            " created_at, due_at, publish_at, lease_until, error)"
            " SELECT '01a21f8a-a98a-7637-b479-ddae42a3d0ed', name, queue, arguments, request_id,"
            f" 'running', 1, created_at, due_at, publish_at, {lease}, '' FROM tasks_task LIMIT 1"
        )
        said = restore(backup(folder), "--yes")
        found = world.database.query("SELECT DISTINCT state, error FROM tasks_task")
        assert found == [("parked", "restored from a backup")]
        assert "just tasks retry --all" in said
        call_command("tasks", "retry", "--all")
        assert world.database.query("SELECT DISTINCT state FROM tasks_task") == [("waiting",)]

    def test_is_named_by_tables_that_exist(self) -> None:
        tables = {model._meta.db_table for model in apps.get_models()}
        steps = aftermath.steps()
        assert {step.table for step in steps} <= tables
        assert all(f"UPDATE {step.table} SET" in step.statement for step in steps)


class TestRefusal:
    """Nothing has changed after any of these."""

    def test_of_what_is_not_there(self, world: World, folder: Path) -> None:
        assert "No such file" in is_refused(folder / "none.dump")

    def test_of_what_has_no_checksum(self, world: World, folder: Path) -> None:
        file = backup(folder)
        files.checksum_of(file).unlink()
        assert f"{file.name}.sha256: No such file" in is_refused(file)

    @pytest.mark.parametrize("checksum", ["", "0" * 64, "not a checksum"])
    def test_of_what_has_another_checksum(self, world: World, folder: Path, checksum: str) -> None:
        file = backup(folder)
        files.checksum_of(file).write_text(checksum)
        world.rename("Eve")
        assert "is damaged" in is_refused(file)
        assert world.names() == ["Eve"]

    @pytest.mark.parametrize(
        "damage",
        [
            pytest.param(lambda content: content[: len(content) // 2], id="truncated"),
            pytest.param(lambda content: content[:-4096] + bytes(4096), id="overwritten"),  # a page
            pytest.param(
                lambda content: content[:3000] + bytes(9000) + content[12000:], id="holed"
            ),
        ],
    )
    def test_of_what_was_damaged_before_its_checksum_was_made(
        self, world: World, folder: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        file = backup(folder)
        file.write_bytes(damage(file.read_bytes()))
        seal(file)
        world.rename("Eve")
        assert "Nothing was restored" in is_refused(file)
        assert world.names() == ["Eve"]
        assert world.ada.me().status == 200

    def test_of_what_is_no_backup_of_such_a_database(self, world: World, folder: Path) -> None:
        file = backup(folder)
        file.write_bytes(b"-- PostgreSQL database dump\n")
        seal(file)
        assert "is no backup of" in is_refused(file)

    def test_of_another_program(self, world: World, folder: Path) -> None:
        world.database.query("ALTER TABLE django_migrations RENAME TO others")
        file = backup(folder)
        assert "is of another program" in is_refused(file)

    def test_of_a_newer_version(self, world: World, folder: Path) -> None:
        world.database.query("UPDATE django_migrations SET name = '0099_new' WHERE app = 'audit'")
        file = backup(folder)
        world.rename("Eve")
        assert "is of a newer version (audit.0099_new): deploy that one first" in is_refused(file)
        assert world.names() == ["Eve"]


# Those that wait for a lock, and those that restore.
WAITING = """
    SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE datname = current_database() AND NOT granted
"""
RESTORING = """
    SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'backend backup'
"""


@on_postgresql
class TestInterruption:
    def test_leaves_what_was_there(self, world: World, folder: Path) -> None:
        file = backup(folder)
        world.rename("Eve")
        with closing(world.database.connect()) as holder:
            holder.execute("BEGIN; LOCK TABLE users_user IN ACCESS SHARE MODE")
            restoring = world.database.start("restore", str(file), "--yes")
            wait_for(lambda: bool(world.database.query(WAITING)), 30)
            restoring.send_signal(signal.SIGKILL)
            restoring.communicate()
        wait_for(lambda: not world.database.query(RESTORING), 30)
        assert world.names() == ["Eve"]
        assert world.ada.me().status == 200

    def test_by_who_holds_a_table_too(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.core.backups.programs.LOCK_TIMEOUT", "100ms")
        file = backup(folder)
        world.rename("Eve")
        with closing(world.database.connect()) as holder:
            holder.execute("BEGIN; LOCK TABLE users_user IN ACCESS SHARE MODE")
            assert "lock timeout" in is_refused(file)
        assert world.names() == ["Eve"]
