"""A PostgreSQL of our own, to be treated badly. It keeps what it acknowledges, as it should."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import LiteralString, NamedTuple

import psycopg
import pytest

from backend.testing.client import Answer
from tests import processes
from tests.servers import Server, Unavailable, ask_postgresql

# What makes the suite's own PostgreSQL forgetful, and with it a test of what was acknowledged void.
_FORGETFUL = {"-F", "synchronous_commit=off", "full_page_writes=off"}
MOST_CONNECTIONS = 200
_BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
_HANG_UP = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"


class Blow(NamedTuple):
    """How many clients were hung up on, from when until when."""

    amount: int
    since: float
    until: float


@dataclass
class PostgreSQL:
    """Stopped, pulled out, frozen, locked or used up, and well again afterwards.

    Attributes:
        accepted_at: When it last began to accept, by the monotonic clock.
    """

    server: Server
    accepted_at: float = 0.0

    @property
    def variables(self) -> dict[str, str]:
        """What leads a service here."""
        return dict(self.server.variables)

    @property
    def process(self) -> processes.Process:
        assert self.server.process
        return self.server.process

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A connection as the administrator, past the service."""
        host, port = self.variables["DB_HOST"], self.variables["DB_PORT"]
        return psycopg.connect(
            host=host, port=port, user="postgres", dbname=database, autocommit=True
        )

    @contextmanager
    def stopped(self, how: signal.Signals = signal.SIGINT) -> Iterator[None]:
        """It is gone, and comes back at the same place; SIGQUIT leaves it to recover."""
        popen = self.process.popen
        assert popen
        assert isinstance(popen.args, tuple)
        popen.send_signal(how)
        popen.wait(20)
        try:
            yield
        finally:
            self.start(*popen.args)

    def start(self, *command: str) -> None:
        self.process.run(*command)
        self.process.wait_for(self._ask)
        self.accepted_at = time.monotonic()

    def _ask(self) -> Server:
        host, port = self.variables["DB_HOST"], self.variables["DB_PORT"]
        return ask_postgresql(host, port, origin="started again")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It accepts connections and never answers."""
        frozen = self._pids()
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)

    def _pids(self) -> list[int]:
        """The server's processes, the one that starts others first."""
        assert self.process.popen
        first = self.process.popen.pid
        listed = subprocess.run(
            ["pgrep", "-P", str(first)], capture_output=True, text=True, check=False
        )
        return [first, *map(int, listed.stdout.split())]

    def terminate_all(self) -> Blow:
        """Hang up on every client, and wait until it has noticed."""
        with self.connect() as connection:
            since = time.monotonic()
            ended = _number(
                connection,
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
            )
            return Blow(ended, since, time.monotonic())

    @contextmanager
    def locked(self, database: str, table: str) -> Iterator[None]:
        """Somebody holds a lock that even readers wait for."""
        with self.connect(database) as connection, connection.transaction():
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield

    @contextmanager
    def slow_writes(self, database: str, table: str) -> Iterator[None]:
        """Every change of a row takes 20 s."""
        with self.connect(database) as connection:
            connection.execute(
                "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$"
            )
            connection.execute(
                f"CREATE TRIGGER slow BEFORE UPDATE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION dawdle()"
            )
            try:
                yield
            finally:
                connection.execute("DROP FUNCTION dawdle CASCADE")

    @contextmanager
    def used_up(self, database: str) -> Iterator[int]:
        """Others have every connection, and clients of the database none; how many they took."""
        with ExitStack() as stack:
            first = stack.enter_context(self.connect())
            taken = 1 + self._take_all(stack)
            while _number(first, _BACKENDS, database):
                first.execute(_HANG_UP, [database])
                taken += self._take_all(stack)
            yield taken

    def _take_all(self, stack: ExitStack) -> int:
        taken = 0
        with suppress(psycopg.OperationalError):
            while taken < MOST_CONNECTIONS:
                stack.enter_context(self.connect())
                taken += 1
        assert taken < MOST_CONNECTIONS, "it grants too many to be used up"
        return taken

    def backends(self, database: str) -> int:
        """How many connections to a database there are."""
        with self.connect() as connection:
            return _number(connection, _BACKENDS, database)

    def waiting(self, database: str) -> int:
        """How many connections to a database wait for a lock."""
        with self.connect() as connection:
            return _number(connection, _BACKENDS + " AND wait_event_type = 'Lock'", database)


@contextmanager
def running(*, max_connections: int = 100) -> Iterator[PostgreSQL]:
    """A PostgreSQL that nobody else uses; without its programs there is nothing to test."""
    try:
        server = processes.start_postgresql()
    except Unavailable as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))
    assert server.process
    try:
        postgresql = PostgreSQL(server)
        popen = server.process.popen
        assert popen
        assert isinstance(popen.args, tuple)
        popen.send_signal(signal.SIGINT)
        popen.wait(20)
        postgresql.start(*_durable(popen.args), "-c", f"max_connections={max_connections}")
        yield postgresql
    finally:
        server.process.stop()


def _number(
    connection: psycopg.Connection[tuple[object, ...]], question: LiteralString, *values: str
) -> int:
    found = connection.execute(question, values).fetchone()
    assert found
    return int(str(found[0]))


def _durable(command: tuple[str, ...]) -> Iterator[str]:
    """The command without what makes it forgetful; each such setting stands behind a `-c`."""
    words = iter(map(str, command))
    for word in words:
        if word == "-c":
            setting = next(words)
            if setting not in _FORGETFUL:
                yield from (word, setting)
        elif word not in _FORGETFUL:
            yield word


def timed(call: Callable[[], Answer]) -> tuple[Answer, float]:
    """An answer, and the seconds it took."""
    started = time.monotonic()
    answer = call()
    return answer, time.monotonic() - started


def seconds_until(call: Callable[[], Answer], *, status: int, patience: float = 15) -> float:
    """How long it took until the answer had this status."""
    started = time.monotonic()
    while (answer := call()).status != status:
        assert time.monotonic() - started < patience, answer
        time.sleep(0.05)
    return time.monotonic() - started
