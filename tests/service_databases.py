"""Databases for running services, which nobody else uses and which are gone afterwards.

One is migrated, once in a session; the others are copies of it.
"""

import atexit
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import postgresql

SERVER = ("DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD")


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """The variables of an empty PostgreSQL database."""
    server = {name: os.environ.get(name, "") for name in SERVER}
    with _database(Path(), os.environ) as database:
        yield server | database


@contextmanager
def migrated(folder: Path, variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variable of a database with all tables, on the suite's server unless others are named."""
    is_elsewhere = any(name in variables for name in SERVER)
    template = "" if is_elsewhere else _template()
    with _database(folder, {**os.environ, **variables}, template) as database:
        if is_elsewhere:
            _migrate({**variables, **database})
        yield database


@cache
def _template() -> str:
    """The one that is copied: its name, or its path."""
    stack = ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(TemporaryDirectory(prefix="tests-template-"))
    database = stack.enter_context(_database(Path(folder), os.environ))
    _migrate(database)
    return database["DB_NAME"]


def _migrate(variables: Mapping[str, str]) -> None:
    settings = {"DJANGO_SETTINGS_MODULE": "project.settings.testing"}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, **settings, **variables},
        check=True,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def _database(
    folder: Path, named: Mapping[str, str], template: str = ""
) -> Iterator[dict[str, str]]:
    """An empty database on the server that is named, or a copy of another."""
    if named.get("DB_HOST"):
        with postgresql.created(named, template or "template1") as name:
            yield {"DB_NAME": name}
        return
    path = folder / "service.sqlite3"
    if template:
        shutil.copy(template, path)
    yield {"DB_NAME": str(path)}
