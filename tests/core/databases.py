"""Databases of a test's own, beside the one that the suite runs on."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg
from django.contrib.contenttypes.models import ContentType
from django.db import connections

from project.settings.base import POSTGRESQL, SQLITE
from tests import postgresql as postgresql_server
from tests.service import ROOT

# As the suite was started: tests change their environment.
STARTED_WITH = dict(os.environ)


@dataclass(frozen=True)
class Database:
    """A database.

    Attributes:
        name: Its name; of SQLite's the path.
    """

    kind: Literal["postgresql", "sqlite"]
    name: str

    @property
    def config(self) -> dict[str, Any]:
        """Django's settings of it, without a pool: that would outlive it."""
        if self.kind == "sqlite":
            return SQLITE | {"NAME": self.name}
        options = {name: value for name, value in POSTGRESQL["OPTIONS"].items() if name != "pool"}
        return POSTGRESQL | {"NAME": self.name, "OPTIONS": options}

    def connect(self) -> Any:
        """A connection of the driver's own; what it does is committed at once."""
        if self.kind == "postgresql":
            return connect(self.name)
        return sqlite3.connect(self.name, autocommit=True)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement, if it has any."""
        with closing(self.connect()) as connection:
            cursor = connection.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        """A command of ``manage.py``, in a process of its own."""
        settings = {"DJANGO_SETTINGS_MODULE": "project.settings.testing", "DB_NAME": self.name}
        return subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=STARTED_WITH | settings | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@contextmanager
def in_use(database: Database) -> Iterator[None]:
    """Have this process take it for the service's, until the block ends."""
    usual, settings = connections["default"], connections.settings["default"]
    connections.settings["default"] = {**settings, **database.config}
    connections["default"] = connections.create_connection("default")
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"], connections.settings["default"] = usual, settings
        ContentType.objects.clear_cache()


@contextmanager
def copy_of(database: Database, folder: Path) -> Iterator[Database]:
    """Another one with the same rows, until the block ends."""
    if database.kind == "postgresql":
        with postgresql(template=database.name) as copy:
            yield copy
    else:
        copy = sqlite(folder)
        shutil.copy(database.name, copy.name)
        yield copy


@contextmanager
def postgresql(template: str = "template1") -> Iterator[Database]:
    """A PostgreSQL database, until the block ends."""
    with postgresql_server.created(STARTED_WITH, template) as name:
        yield Database("postgresql", name)


def sqlite(folder: Path) -> Database:
    """An SQLite database in a folder."""
    return Database("sqlite", str(folder / f"{time.monotonic_ns()}.sqlite3"))


def connect(name: str) -> psycopg.Connection[Any]:
    """A connection to a PostgreSQL database; what it does is committed at once."""
    return postgresql_server.connect(STARTED_WITH, name)
