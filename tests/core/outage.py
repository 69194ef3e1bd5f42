"""Servers of our own that can be frozen, stopped and brought back."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from backend.testing.client import Answer
from tests.processes import Process
from tests.servers import Server


def process_of(server: Server) -> Process:
    assert server.process is not None, "only a server that the tests started may be hurt"
    assert server.process.popen is not None
    return server.process


def pids(server: Server) -> list[int]:
    """The server's processes, the one that starts others first."""
    popen = process_of(server).popen
    assert popen
    listed = subprocess.run(
        ["pgrep", "-P", str(popen.pid)], capture_output=True, text=True, check=False
    )
    return [popen.pid, *map(int, listed.stdout.split())]


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """The server accepts connections and never answers."""
    stopped = pids(server)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def stopped(server: Server, ask: Callable[[], Server]) -> Iterator[None]:
    """The server is gone, and comes back at the same place."""
    process = process_of(server)
    popen = process.popen
    assert popen
    assert isinstance(popen.args, tuple)
    popen.send_signal(signal.SIGINT)
    popen.wait(20)
    try:
        yield
    finally:
        process.run(*popen.args)
        process.wait_for(ask)


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
