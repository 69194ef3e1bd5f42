"""Programs of a service that are started otherwise than usual: by another clock, without a log."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.load import send
from tests.processes import free_port
from tests.service import ROOT, Service
from tests.waiting import wait_for

GUNICORN = ("gunicorn", "--config", "project/gunicorn.py")
START_SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    """A further instance of a service's web server."""

    url: str
    pid: int


@contextmanager
def serving(service: Service, *modules: str, output: Path, **variables: str) -> Iterator[Server]:
    """A web server beside a service's own, run by these modules, that writes where it is told."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**service.environment, "PROD_PORT": port, **variables}
    with program(environment, *modules, *GUNICORN, output=output) as process:
        wait_for(lambda: send(url, "GET", "health/live/").status == 200, START_SECONDS)
        yield Server(url, process.pid)


@contextmanager
def program(
    environment: dict[str, str], *command: str, output: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """A module of Python, run until the block ends."""
    with output.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(40)
