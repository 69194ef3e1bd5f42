"""Backups of SQLite, by its own backup interface: a database file again."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from backend.core.backups import omission
from backend.core.backups.aftermath import Step
from backend.core.backups.failure import BackupFailed

SUFFIX = ".sqlite3"
MAGIC = b"SQLite format 3\0"


def write(path: Path) -> None:
    """Copy the database into a file."""
    with closing(sqlite3.connect(path)) as file:
        _ours().backup(file)
        if _columns(file, omission.TABLE):
            file.execute("PRAGMA secure_delete = ON")  # or they stay in pages that are free
            file.execute(f"DELETE FROM {omission.TABLE}")  # noqa: S608  (a constant)
            file.commit()


def migrations_of(path: Path) -> set[tuple[str, str]]:
    """Read them from the backup's table ``django_migrations``.

    Raises:
        BackupFailed: it cannot be read.
    """
    with _copy_of(path) as copy:
        return (
            {*copy.execute("SELECT app, name FROM django_migrations")}
            if _columns(copy, "django_migrations")
            else set()
        )


def replace(path: Path, steps: Iterable[Step]) -> None:
    """Mend a copy of the backup, and put that in the database's place, in one transaction.

    Raises:
        BackupFailed: nothing has happened.
    """
    with _copy_of(path) as copy:
        for step in steps:
            if step.column in _columns(copy, step.table):
                copy.execute(step.statement)
        copy.commit()
        copy.backup(_ours())


@contextmanager
def _copy_of(path: Path) -> Iterator[sqlite3.Connection]:
    """A backup's content in a temporary file of SQLite's own, whole and sound."""
    with closing(sqlite3.connect("")) as copy:
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
                file.backup(copy)
            faults = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            raise BackupFailed(str(error)) from None
        if faults != "ok":
            raise BackupFailed(faults)
        yield copy


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    """The names of a table's columns, none where there is no such table."""
    rows = database.execute("SELECT name FROM pragma_table_info(?)", [table])
    return {name for (name,) in rows}


def _ours() -> sqlite3.Connection:
    connection.ensure_connection()
    raw: Any = connection.connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101  (for the type checker)
    return raw
