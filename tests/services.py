"""A pytest plugin: which PostgreSQL and Redis the suite runs on.

It decides before Django reads its settings, hence `-p tests.services` among pytest's options:

1. those that `DB_HOST` and `REDIS_URL` of the environment name;
2. those that answer on localhost;
3. programs of this machine, started in a temporary folder and gone with the session;
4. none: embedded, that is SQLite and memory. Both or none, half of it would be neither run.

`TEST_SERVICES=embedded` asks for the last. With `CI=true` it has to be asked for: a check that
quietly leaves out half of what it is for is worse than one that fails.

A server that the suite did not start may hold somebody's work. The suite uses a database and keys
with random names there and takes them away again: nothing else, and never FLUSHDB.
"""

import atexit
import os
import secrets
import signal
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import pytest
import redis

from tests import processes, servers
from tests.servers import LOCALHOST, Server, Unavailable

# Which servers are our own, to be flushed or paused; the same in every xdist worker.
STARTED: dict[str, bool] = {"postgresql": False, "redis": False}

NAMED, FOUND = "named by the environment", "found on localhost"

type Attempt = Callable[[], Server]

_choice = pytest.StashKey["Choice"]()


@dataclass(frozen=True)
class Choice:
    """What the suite runs on: both servers, or neither and the reasons why."""

    found: tuple[Server, ...] = ()
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        """For the header of the report."""
        if not self.found:
            return "; ".join(("embedded (SQLite, memory)", *self.reasons))
        names = [f"{server.name} {server.version}" for server in self.found]
        origins = [server.origin for server in self.found]
        if len(set(origins)) == 1:
            return f"{' and '.join(names)} ({origins[0]})"
        return " and ".join(
            f"{name} ({origin})" for name, origin in zip(names, origins, strict=True)
        )


# --- the plugin -----------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)  # a wrapper comes before pytest-django, which reads the settings
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Decide, say it to the settings through the environment, and tidy up when the session ends."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        os.environ["TEST_KEY_PREFIX"] += f"{worker}:"  # workers must not share counters
    else:
        choice = decide(os.environ)
        early_config.stash[_choice] = choice
        keep = bool(getattr(early_config.known_args_namespace, "reuse_db", False))
        os.environ.update(exports(choice, keep_database=keep))
        _tidy_up_at_exit(choice)
    ours = os.environ["TEST_STARTED"].split()
    STARTED.update({name: name in ours for name in STARTED})
    return (yield)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say on what the suite runs; xdist's workers are asked too, and have nothing to add."""
    choice = config.stash.get(_choice, None)
    return [f"services: {choice}"] if choice else []


# --- the decision ---------------------------------------------------------------------------------


def decide(environment: Mapping[str, str]) -> Choice:
    """Find both servers, starting what is missing.

    Raises:
        pytest.UsageError: there are none, and this is CI.
    """
    wish = environment.get("TEST_SERVICES", "")
    if wish == "embedded":
        return Choice()
    if wish:
        raise pytest.UsageError("TEST_SERVICES is either `embedded` or not set")
    reasons: list[str] = []
    postgresql = _first(_running_postgresql(environment), reasons)
    cache = _first([*_running_redis(environment), processes.start_redis], reasons)
    if cache and not postgresql:  # last, since starting it takes longest
        postgresql = _first([processes.start_postgresql], reasons)
    if postgresql and cache:
        return Choice(found=(postgresql, cache))
    if cache and cache.process:
        cache.process.stop()
    if environment.get("CI", "").lower() not in {"", "0", "false"}:
        raise pytest.UsageError(
            "CI=true wants PostgreSQL and Redis (TEST_SERVICES=embedded does without): "
            + "; ".join(reasons)
        )
    return Choice(reasons=tuple(reasons))


def exports(choice: Choice, *, keep_database: bool) -> dict[str, str]:
    """The variables from which the settings, workers and child processes learn the choice."""
    # Empty ones, because the settings would look into .env for what is not there at all.
    variables = dict.fromkeys(("DB_HOST", "DB_PASSWORD", "REDIS_URL", "TASKS_REDIS_URL"), "")
    for server in choice.found:
        variables.update(server.variables)
    database = "test_backend_kept" if keep_database else f"test_backend_{secrets.token_hex(3)}"
    return variables | {
        # DB_NAME too: nothing the suite starts can reach a developer's own rows by mistake.
        "DB_NAME": database,
        "TEST_DB_NAME": database,
        "TEST_KEY_PREFIX": f"test-{secrets.token_hex(6)}:",
        "TEST_STARTED": " ".join(server.name.lower() for server in choice.found if server.process),
    }


def _running_postgresql(environment: Mapping[str, str]) -> Iterator[Attempt]:
    user = environment.get("DB_USER") or "postgres"
    password = environment.get("DB_PASSWORD") or environment.get("PGPASSWORD") or ""
    if host := environment.get("DB_HOST"):
        port = environment.get("DB_PORT") or "5432"
        yield partial(servers.ask_postgresql, host, port, user, password, origin=NAMED)
    yield partial(servers.ask_postgresql, LOCALHOST, "5432", user, password, origin=FOUND)


def _running_redis(environment: Mapping[str, str]) -> Iterator[Attempt]:
    if url := environment.get("REDIS_URL"):
        tasks_url = environment.get("TASKS_REDIS_URL", "")
        yield partial(servers.ask_redis, url, tasks_url, origin=NAMED)
    yield partial(servers.ask_redis, f"redis://{LOCALHOST}:6379/0", origin=FOUND)


def _first(attempts: Iterable[Attempt], reasons: list[str]) -> Server | None:
    for attempt in attempts:
        try:
            return attempt()
        except Unavailable as reason:
            reasons.append(str(reason))
    return None


# --- the end --------------------------------------------------------------------------------------


def _tidy_up_at_exit(choice: Choice) -> None:
    for server in choice.found:
        if server.process:
            # It stops itself when Python exits in order, which SIGTERM alone does not make it do.
            signal.signal(signal.SIGTERM, _exit_in_order)
        elif server.name == "Redis":
            urls = (server.variables["REDIS_URL"], server.variables["TASKS_REDIS_URL"])
            atexit.register(remove_keys, urls, os.environ["TEST_KEY_PREFIX"])


def remove_keys(urls: Iterable[str], prefix: str) -> None:
    """Take away what the suite left on a Redis of somebody else."""
    for url in urls:
        with suppress(redis.RedisError), servers.redis_client(url) as client:
            servers.remove_keys(client, prefix)


def _exit_in_order(*_: object) -> None:
    pytest.exit("terminated", returncode=143)
