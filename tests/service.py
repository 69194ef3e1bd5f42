"""A running service for the tests: gunicorn with real workers on a database of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests
from psycopg import sql

from backend.testing.client import OverTheWire
from tests.processes import free_port

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0


@dataclass
class Service:
    """A service that answers at ``url`` and writes its lines to ``log``."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def manage(self, *arguments: str, **variables: str) -> None:
        """Run a command of ``manage.py`` on this service's database."""
        self.command(self.environment | variables, *arguments)

    @staticmethod
    def command(environment: dict[str, str], *arguments: str) -> None:
        """Run a command of ``manage.py`` in an environment."""
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)

    @contextmanager
    def beside(self, command: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        """A worker or a scheduler of this service, until the block ends; its lines join the log."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", command],
                cwd=ROOT,
                env=self.environment | variables,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(40)

    @contextmanager
    def another(self) -> Iterator["Service"]:
        """A second instance, on the same database and Redis, until the block ends."""
        port = free_port()
        with _serving({**self.environment, "PROD_PORT": port}, self.log) as started:
            yield started

    def restart(self) -> None:
        """Stop as an operator would, and start again at the same place."""
        self.process.terminate()
        assert self.process.wait(35) == 0
        self.process = _start(self.environment, self.log)
        _wait(self)

    def client(self) -> OverTheWire:
        """A new caller with a connection of its own."""
        return OverTheWire(self.url)

    def lines(self) -> list[str]:
        """Everything the service has said so far."""
        return self.log.read_text().splitlines()


@contextmanager
def running(**variables: str) -> Iterator[Service]:
    """Run the service until the block ends; ``variables`` change its environment."""
    named = {**os.environ, **variables}
    with (
        tempfile.TemporaryDirectory(prefix="tests-service-") as name,
        _database(Path(name), named) as db,
    ):
        folder, port = Path(name), free_port()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "project.settings.testing",
            "PROD_HOST": "127.0.0.1",
            "PROD_PORT": port,
            "GUNICORN_WORKERS": "2",
            "GUNICORN_MAX_REQUESTS": "1000000",  # a worker must not restart in the middle of a race
            "LOG_LEVEL": "INFO",
            "DRAIN_SECONDS": "0",  # nobody stands in front
            **db,
            **variables,
        }
        Service.command(environment, "migrate", "--verbosity", "0")
        with _serving(environment, folder / "log") as service:
            yield service


@contextmanager
def _serving(environment: dict[str, str], log: Path) -> Iterator[Service]:
    url = f"http://{environment['PROD_HOST']}:{environment['PROD_PORT']}"
    service = Service(url, log, _start(environment, log), environment)
    try:
        _wait(service)
        yield service
    finally:
        service.process.terminate()
        service.process.wait(35)


def _start(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "--config", "project/gunicorn.py"]
    with log.open("ab") as output:
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )


def _wait(service: Service) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.process.poll() is None:
        try:
            requests.get(f"{service.url}/api/v1/health/live/", timeout=2)
        except requests.RequestException:  # a worker that is still starting may also say nothing
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the service did not start:\n" + "\n".join(service.lines()[-20:]))


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """The variables of a PostgreSQL database that nobody else uses, gone afterwards."""
    names = ("DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD")
    server = {name: os.environ.get(name, "") for name in names}
    with _database(Path(), os.environ) as database:
        yield server | database


@contextmanager
def _database(folder: Path, named: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A database that nobody else uses, and that is gone afterwards."""
    host = named.get("DB_HOST")
    if not host:
        yield {"DB_NAME": str(folder / "service.sqlite3")}
        return
    name = f"{named['TEST_DB_NAME']}_{os.getpid()}_{time.monotonic_ns()}"
    connect = {
        "host": host,
        "port": named.get("DB_PORT") or "5432",
        "user": named.get("DB_USER") or "postgres",
        "password": named.get("DB_PASSWORD") or "",
        "dbname": "postgres",
        "autocommit": True,
    }

    def administer(statement: str) -> None:
        with psycopg.connect(**connect) as connection:  # type: ignore[arg-type]  # libpq's keywords
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    administer("CREATE DATABASE {}")
    try:
        yield {"DB_NAME": name}
    finally:
        administer("DROP DATABASE {} WITH (FORCE)")
