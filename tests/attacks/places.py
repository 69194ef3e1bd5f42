"""Where a secret could be found afterwards: every column, what Redis is told, reports of errors."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from secrets import token_hex
from threading import Thread
from typing import Any

import psycopg
import redis
from psycopg import sql

from backend.testing.client import Answer
from tests import postgresql

_COMMAND = re.compile(r'\] "(\w+)"')
READS = {"GET", "MGET", "EXISTS", "TTL", "PTTL", "PING", "AUTH", "HELLO", "CLIENT", "SELECT"}


def columns(environment: Mapping[str, str]) -> dict[str, str]:
    """The whole text of every column of every table of a service, by ``table.column``."""
    if not environment.get("DB_HOST"):
        return _of_sqlite(environment["DB_NAME"])
    with postgresql.connect(environment) as connection:
        return _of_postgresql(connection)


def _of_postgresql(connection: psycopg.Connection) -> dict[str, str]:
    named = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public'"
    ).fetchall()
    found: dict[str, str] = {}
    for table, column in named:
        query = sql.SQL("SELECT string_agg({}::text, ' ') FROM {}")
        row = connection.execute(query.format(sql.Identifier(column), sql.Identifier(table)))
        (text,) = row.fetchone() or ("",)
        found[f"{table}.{column}"] = text or ""
    return found


def _of_sqlite(path: str) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found: dict[str, str] = {}
        for (table,) in tables:
            rows = database.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows.fetchall():
                for name, value in zip(names, row, strict=True):
                    place = f"{table}.{name}"
                    found[place] = f"{found.get(place, '')} {value}"
        return found


@contextmanager
def written_to_redis(url: str) -> Iterator[list[str]]:
    """What anybody tells a Redis to keep or to change, until the block ends."""
    written: list[str] = []
    if not url:
        yield written
        return
    end = token_hex(16)
    silent_for_long = redis.Redis.from_url(url, socket_timeout=None)
    with silent_for_long as client, redis.Redis.from_url(url) as other:
        monitor: Any = client.connection_pool.get_connection()
        monitor.send_command("MONITOR")
        assert monitor.read_response() == b"OK"

        def listen() -> None:
            while end not in (line := str(monitor.read_response())):
                if (command := _COMMAND.search(line)) and command[1].upper() not in READS:
                    written.append(line)

        thread = Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield written
        finally:
            other.echo(end)
            thread.join(10)
            monitor.disconnect()


def refusals(answers: Iterable[Answer]) -> str:
    """What the refusals among some answers say."""
    return "\n".join(
        f"{answer.headers} {answer.body.decode(errors='replace')}"
        for answer in answers
        if answer.status >= 400
    )


def rename(environment: Mapping[str, str], table: str, name: str) -> None:
    """Give a table of a service another name."""
    if environment.get("DB_HOST"):
        with postgresql.connect(environment) as connection:
            statement = sql.SQL("ALTER TABLE {} RENAME TO {}")
            connection.execute(statement.format(sql.Identifier(table), sql.Identifier(name)))
        return
    with closing(sqlite3.connect(environment["DB_NAME"], timeout=10)) as database:
        database.execute(f'ALTER TABLE "{table}" RENAME TO "{name}"')
