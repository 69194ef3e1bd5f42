"""A database of its own for each set of tables, filled with users, gone afterwards."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis
from argon2 import PasswordHasher
from psycopg import sql

from benchmarks.operations import EMAIL, PASSWORD
from benchmarks.servers import TOOLS

HERE = Path(__file__).resolve().parent
USERS = 100_000

# Ids are time-ordered, as those of the service are; the caller is the newest row. The names are
# there to be searched: one in a hundred is Grace, and of two Eldest one begins the last page.
_FILL = """
    INSERT INTO {table} (id, email, password, first_name, last_name, email_verified, is_active,
                         is_staff, is_superuser, created_at, updated_at {columns})
    SELECT ('01930000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, email, {password},
           first_name, 'Lovelace', true, true, last, last, now(), now() {values}
    FROM (SELECT n, n = {users} AS last,
                 CASE n WHEN {users} THEN {caller} ELSE 'user' || n || '@example.com' END AS email,
                 CASE WHEN n IN (20, 21) THEN 'Eldest' WHEN n % 100 = 0 THEN 'Grace' ELSE 'Ada' END
                 AS first_name
          FROM generate_series(1, {users}) AS n) AS made
"""


@contextmanager
def database(server: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variables of an empty database, until the block ends."""
    name = f"bench_{secrets.token_hex(6)}"
    _administer(server, "CREATE DATABASE {}", name)
    try:
        yield {**server, "DB_NAME": name}
    finally:
        _administer(server, "DROP DATABASE {} WITH (FORCE)", name)


@contextmanager
def key_prefix(url: str) -> Iterator[str]:
    """A prefix of keys in Redis that nobody else uses; the keys go when the block ends."""
    prefix = f"bench-{secrets.token_hex(6)}-"
    try:
        yield prefix
    finally:
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter(f"*{prefix}*"):
                client.delete(key)


def server() -> dict[str, str]:
    """Where PostgreSQL is: what the environment says, or this machine's own."""
    defaults = {"DB_HOST": "127.0.0.1", "DB_PORT": "5432", "DB_USER": "postgres", "DB_PASSWORD": ""}
    return {name: os.environ.get(name) or default for name, default in defaults.items()}


def connect(place: Mapping[str, str]) -> psycopg.Connection:
    """A connection that commits every statement."""
    return psycopg.connect(
        host=place["DB_HOST"],
        port=place["DB_PORT"],
        user=place["DB_USER"],
        password=place["DB_PASSWORD"],
        dbname=place.get("DB_NAME", "postgres"),
        autocommit=True,
    )


def prepare_service(environment: Mapping[str, str], users: int = USERS) -> None:
    """The service's own migrations."""
    _manage(HERE.parent, sys.executable, "manage.py", "migrate", environment=environment)
    more = {
        "search_text": "email || chr(31) || lower(first_name) || chr(31) || 'lovelace'",
        "session_epoch": "0",
    }
    _fill(environment, "users_user", users, prefix="argon2", **more)


def prepare_django(peer: Path, environment: Mapping[str, str]) -> None:
    """Django's migrations, and the tables of the peer's own app."""
    django = TOOLS / "django-admin"
    variables = {**environment, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": "."}
    _manage(peer, django, "migrate", "--run-syncdb", environment=variables)
    _fill(environment, "accounts_user", prefix="argon2")


def prepare_plain(environment: Mapping[str, str]) -> None:
    """The tables of those who bring no migrations."""
    with connect(environment) as connection:
        connection.execute((HERE / "peers" / "schema.sql").read_bytes())
    _fill(environment, "users")


def _manage(folder: Path, *command: str | Path, environment: Mapping[str, str]) -> None:
    quiet = [*command, "--verbosity", "0"]
    subprocess.run(quiet, cwd=folder, env=environment, check=True)  # noqa: S603  (our own)


def _fill(
    place: Mapping[str, str], table: str, users: int = USERS, prefix: str = "", **more: str
) -> None:
    hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    columns = [sql.SQL(", {}").format(sql.Identifier(name)) for name in more]
    statement = sql.SQL(_FILL).format(
        table=sql.Identifier(table),
        columns=sql.SQL("").join(columns),
        values=sql.SQL("".join(f", {value}" for value in more.values())),
        password=prefix + hasher.hash(PASSWORD),
        users=users,
        caller=EMAIL,
    )
    with connect(place) as connection, _without_text_indexes(connection, table):
        connection.execute(statement)
    with connect(place) as connection:
        connection.execute("VACUUM ANALYZE")


@contextmanager
def _without_text_indexes(connection: psycopg.Connection, table: str) -> Iterator[None]:
    """Make them anew afterwards: much quicker than row by row."""
    query = (
        "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE tablename = %s AND indexdef LIKE '%% USING gin %%'"
    )
    found = connection.execute(query, [table]).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    for _, definition in found:
        connection.execute(definition.encode())


def _administer(server: Mapping[str, str], statement: str, name: str) -> None:
    with connect(server) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
