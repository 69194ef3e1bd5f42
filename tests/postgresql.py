"""The PostgreSQL server that an environment names, and databases on it for one block."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql


def connect(environment: Mapping[str, str], name: str = "") -> psycopg.Connection[Any]:
    """A connection to the database of an environment, or to another; all is committed at once."""
    return psycopg.connect(
        host=environment["DB_HOST"],
        port=environment.get("DB_PORT") or "5432",
        user=environment.get("DB_USER") or "postgres",
        password=environment.get("DB_PASSWORD") or "",
        dbname=name or environment["DB_NAME"],
        autocommit=True,
    )


@contextmanager
def created(environment: Mapping[str, str], template: str = "template1") -> Iterator[str]:
    """The name of a new database, a copy of a template, until the block ends."""
    name = f"{environment['TEST_DB_NAME']}_{os.getpid()}_{time.monotonic_ns()}"
    _administer(environment, "CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield name
    finally:
        _administer(environment, "DROP DATABASE {} WITH (FORCE)", name)


def _administer(environment: Mapping[str, str], statement: str, *names: str) -> None:
    with connect(environment, "postgres") as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
