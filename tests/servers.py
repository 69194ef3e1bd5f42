"""Asking a PostgreSQL or a Redis whether the suite could run on it."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

if TYPE_CHECKING:
    from tests.processes import Process

LOCALHOST = "127.0.0.1"
PROBE_SECONDS = 2.0
OLDEST_POSTGRESQL = 15_00_00  # what Django 6.1 asks for


class Unavailable(Exception):
    """There is no such server, or it is of no use; says which and why, and no password."""

    def __init__(self, server: str, why: object) -> None:
        super().__init__(f"{server}: {str(why).partition('\n')[0]}")


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answered, and the variables that lead Django's settings to it."""

    name: str
    version: str
    origin: str
    variables: Mapping[str, str]
    process: "Process | None" = None  # ours, if we started it


def ask_postgresql(
    host: str, port: str, user: str = "postgres", password: str = "", *, origin: str
) -> Server:
    """The PostgreSQL there, if it is new enough and this user may create databases.

    Raises:
        Unavailable: it is not.
    """
    place = f"PostgreSQL at {host}:{port}"

    def question() -> tuple[int, bool]:
        with psycopg.connect(
            host=host,
            port=port,
            user=user,
            password=password or None,
            dbname="postgres",
            connect_timeout=2,
        ) as connection:
            creates = connection.execute(
                "select rolcreatedb or rolsuper from pg_roles where rolname = current_user"
            ).fetchone()
            return connection.info.server_version, bool(creates and creates[0])

    try:
        number, creates_databases = within(PROBE_SECONDS, question)
    except (psycopg.Error, ValueError, TimeoutError) as error:
        raise Unavailable(place, error) from None
    version = f"{number // 10_000}.{number % 10_000}"
    if number < OLDEST_POSTGRESQL:
        raise Unavailable(place, f"version {version} is too old")
    if not creates_databases:
        raise Unavailable(place, f"{user} may not create databases")
    variables = {"DB_HOST": host, "DB_PORT": port, "DB_USER": user, "DB_PASSWORD": password}
    return Server(name="PostgreSQL", version=version, origin=origin, variables=variables)


def ask_redis(url: str, tasks_url: str = "", *, origin: str) -> Server:
    """The Redis there; tasks get its next database unless they have a URL of their own.

    Raises:
        Unavailable: it does not answer, or the URL is none.
    """
    place = "Redis at REDIS_URL"
    try:
        place = f"Redis at {urlsplit(url).hostname}:{urlsplit(url).port or 6379}"
        variables = {"REDIS_URL": url, "TASKS_REDIS_URL": tasks_url or _next_database(url)}
        version = within(PROBE_SECONDS, lambda: _redis_version(url))
    except (redis.RedisError, ValueError, TimeoutError) as error:
        # Only the kind: the URL may hold a password, and so may what a parser says of it.
        raise Unavailable(place, type(error).__name__) from None
    return Server(name="Redis", version=version, origin=origin, variables=variables)


def redis_client(url: str) -> redis.Redis:
    """A client that gives up instead of trying again and again."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=PROBE_SECONDS,
        socket_timeout=PROBE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def remove_keys(client: redis.Redis, prefix: str) -> None:
    """Take away every key that begins so."""
    if keys := [*client.scan_iter(f"{prefix}*", count=1000)]:
        client.delete(*keys)


def within[T](seconds: float, question: Callable[[], T]) -> T:
    """What the question returns, if in time.

    The drivers' own limits miss a server that accepts a connection and then says nothing.

    Raises:
        TimeoutError: there is no answer yet.
    """
    answer: Future[T] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except Exception as error:  # noqa: BLE001  (it travels to who asked)
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return answer.result(seconds)


def _redis_version(url: str) -> str:
    with redis_client(url) as client:
        return str(client.info("server")["redis_version"])


def _next_database(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + 1}").geturl()
