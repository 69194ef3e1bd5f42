"""``just migrate``, and the operations that keep nobody waiting."""

import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors
from pytest_django import DjangoDbBlocker, Settings

from backend.core.management.commands import migrate
from backend.core.postgresql import migrating
from tests.core.databases import Database, postgresql, sqlite

SAMPLES = "tests.core.sample"
ALIAS = "scratch"


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Database]:
    """An empty database of the same kind as the suite's."""
    if connections["default"].vendor == "sqlite":
        yield sqlite(tmp_path)
    else:
        with postgresql() as database:
            yield database


@pytest.fixture
def connection(
    scratch: Database, django_db_setup: None, django_db_blocker: DjangoDbBlocker, settings: Settings
) -> Iterator[BaseDatabaseWrapper]:
    """Django's connection to it, by which requests may take 300 ms and wait for half a second."""
    config = scratch.config
    if scratch.kind == "postgresql":
        config["OPTIONS"]["options"] = "-c statement_timeout=300 -c lock_timeout=300"
        config["OPTIONS"]["pool"] = {"min_size": 0, "max_size": 2}
    settings.DATABASE_DEADLINE_SECONDS = 0.5
    connections.settings[ALIAS] = {**connections.settings["default"], **config}
    with django_db_blocker.unblock():
        yield connections[ALIAS]
        connections[ALIAS].close()
        getattr(connections[ALIAS], "close_pool", lambda: None)()
    del connections[ALIAS], connections.settings[ALIAS]


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Locks are waited for 100 ms, and pauses take no time; how long they would have been."""
    pauses: list[float] = []
    for module in (migrate, migrating):
        monkeypatch.setattr(module, "LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def run(*arguments: str) -> str:
    """Migrate, and what that said."""
    out = StringIO()
    call_command("migrate", *arguments, database=ALIAS, stdout=out, no_color=True)
    return out.getvalue()


@pytest.mark.postgresql
@pytest.mark.usefixtures("connection")
class TestMigrate:
    @pytest.fixture(autouse=True)
    def _samples(self, settings: Settings) -> None:
        settings.MIGRATION_MODULES = {"health": f"{SAMPLES}.limits.migrations"}

    def test_lets_statements_take_longer_than_requests(self, scratch: Database) -> None:
        run("health", "0002")  # it sleeps for 600 ms
        limits = dict(scratch.query("SELECT name, setting FROM limits"))
        assert limits["statement_timeout"] == limits["idle_in_transaction_session_timeout"] == 0

    def test_waits_for_locks_as_long_as_requests_do(self, scratch: Database) -> None:
        run("health", "0002")
        assert (3000,) in scratch.query("SELECT setting FROM limits WHERE name = 'lock_timeout'")

    def test_waits_without_end_where_it_keeps_nobody(self, scratch: Database) -> None:
        run("health")
        assert scratch.query("SELECT setting FROM limits WHERE name = 'outside'") == [(0,)]

    def test_leaves_the_connection_as_it_was(self, connection: BaseDatabaseWrapper) -> None:
        run("health")
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            assert cursor.fetchone() == ("300ms",)
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
                " WHERE locktype = 'advisory' AND datname = current_database()"
            )
            assert cursor.fetchone() == (0,)
        raw: Any = connection.connection
        assert raw.deadline is None

    def test_tries_again_where_somebody_holds_a_lock(
        self, scratch: Database, quickly: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run("health", "0002")
        with scratch.connect() as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM limits")
            monkeypatch.setattr(time, "sleep", lambda _: reader.execute("COMMIT"))
            said = run("health", "0001")
        assert "Somebody holds a lock: trying again." in said
        assert "Unapplying health.0002_limits... OK" in said

    def test_gives_up_and_leaves_the_table_to_who_holds_it(
        self, scratch: Database, quickly: list[float]
    ) -> None:
        run("health", "0002")
        with scratch.connect() as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM limits")
            with pytest.raises(CommandError, match="held a lock for longer than 100ms, 5 times"):
                run("health", "0001")
        assert quickly == [migrate.PAUSE_SECONDS] * 4
        assert scratch.query("SELECT count(*) FROM limits") == [(3,)]

    def test_does_not_try_again_what_fails_for_another_reason(self, quickly: list[float]) -> None:
        run("health")
        run("health", "0002", "--fake")
        run("health", "0001", "--fake")
        with pytest.raises(Exception, match="already exists"):
            run("health", "0002")
        assert quickly == []

    def test_is_done_by_one_process_at_a_time(
        self, scratch: Database, quickly: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with scratch.connect() as other:
            other.execute("SELECT pg_advisory_lock(%s)", [migrating._ADVISORY_LOCK])
            release = "SELECT pg_advisory_unlock_all()"
            monkeypatch.setattr(time, "sleep", lambda _: other.execute(release))
            said = run("health", "0001")
        assert said.startswith("Another process is migrating: waiting for it.\n")
        assert "Applying health.0001_note... OK" in said

    @pytest.mark.parametrize("option", ["--plan", "--check"])
    def test_waits_for_nobody_to_look(
        self, scratch: Database, quickly: list[float], option: str
    ) -> None:
        run("health")
        with scratch.connect() as other:
            other.execute("SELECT pg_advisory_lock(%s)", [migrating._ADVISORY_LOCK])
            run("health", option)
        assert quickly == []


class TestMetALock:
    @pytest.mark.parametrize(
        ("cause", "met"),
        [(errors.LockNotAvailable, True), (errors.DeadlockDetected, True), (errors.Error, False)],
    )
    def test_knows_what_passes(self, cause: type[Exception], met: bool) -> None:
        error = OperationalError()
        error.__cause__ = cause()
        assert migrating.met_a_lock(error) is met


class TestOperations:
    @pytest.fixture(autouse=True)
    def _samples(self, settings: Settings, connection: BaseDatabaseWrapper) -> None:
        settings.MIGRATION_MODULES = {"health": f"{SAMPLES}.operations.migrations"}

    def indexes(self, connection: BaseDatabaseWrapper) -> set[str]:
        """The sample table's, and its constraints."""
        with connection.cursor() as cursor:
            return {*connection.introspection.get_constraints(cursor, "health_note")}

    def test_build_an_index(self, connection: BaseDatabaseWrapper) -> None:
        run("health", "0002")
        assert "note_rank" in self.indexes(connection)
        run("health", "0001")
        assert "note_rank" not in self.indexes(connection)

    @pytest.mark.postgresql
    def test_build_an_index_anew_after_an_interrupted_try(
        self, connection: BaseDatabaseWrapper, scratch: Database
    ) -> None:
        run("health", "0001")
        scratch.query("CREATE INDEX note_rank ON health_note (id)")
        run("health", "0002")
        ((definition,),) = scratch.query("SELECT pg_get_indexdef('note_rank'::regclass)")
        assert "(rank)" in definition

    def test_remove_an_index(self, connection: BaseDatabaseWrapper) -> None:
        run("health", "0005")
        assert "note_rank" not in self.indexes(connection)
        run("health", "0004")
        assert "note_rank" in self.indexes(connection)

    @pytest.mark.postgresql
    def test_hold_new_rows_to_a_constraint_and_then_the_old(
        self, connection: BaseDatabaseWrapper, scratch: Database
    ) -> None:
        run("health", "0002")
        scratch.query("INSERT INTO health_note (rank) VALUES (-1)")
        run("health", "0003")
        with pytest.raises(errors.CheckViolation):
            scratch.query("INSERT INTO health_note (rank) VALUES (-1)")
        with pytest.raises(IntegrityError):
            run("health", "0004")
        scratch.query("DELETE FROM health_note")
        run("health", "0004")

    def test_add_a_constraint_and_take_it_back(self, connection: BaseDatabaseWrapper) -> None:
        run("health", "0004")
        assert "note_rank_positive" in self.indexes(connection)
        run("health", "0002")
        assert "note_rank_positive" not in self.indexes(connection)
