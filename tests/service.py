"""A running service for the tests: gunicorn with real workers on a database of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from backend.testing.client import OverTheWire
from tests.processes import free_port
from tests.service_databases import migrated

# Variables of a service whose lines are not counted: load does nothing but wait for it.
UNCOUNTED = {"COVERAGE_PROCESS_CONFIG": ""}
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
    with (
        tempfile.TemporaryDirectory(prefix="tests-service-") as name,
        migrated(Path(name), variables) as db,
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
