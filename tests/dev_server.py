"""The development server of a copy of the project, as somebody starts it on the first day."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.processes import free_port
from tests.project.commands import CLEAN

PATIENCE_SECONDS = 60


@contextmanager
def started(tree: Path, **variables: str) -> Iterator[tuple[str, Path]]:
    """The development server of a copy of the project, without a terminal: its URL and output."""
    port, said = free_port(), tree / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "start"],
            cwd=tree,
            env={**CLEAN, "DEV_PORT": port, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}", said
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(40)


def answer(url: str, said: Path) -> requests.Response:
    """The first answer of a server that is starting."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return requests.get(url, timeout=5)
        except requests.ConnectionError:
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
