"""Starting, stopping and reading the processes of a contender."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.contenders import Contender

START_SECONDS, STOP_SECONDS, SETTLE_SECONDS = 60.0, 35.0, 60.0
_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass
class Running:
    """A contender that answers.

    Attributes:
        cold_start: Seconds from the start of the process to the first answer.
    """

    contender: Contender
    url: str
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    cold_start: float = 0.0

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far."""
        return sum(cpu_seconds(pid) for pid in family(self.process.pid))

    def settle(self) -> None:
        """Wait until it has done what was asked of it before."""
        deadline = time.monotonic() + SETTLE_SECONDS
        spent, before = self.cpu_seconds(), 0.0
        while spent - before > 2 * _TICK and time.monotonic() < deadline:
            time.sleep(0.1)
            spent, before = self.cpu_seconds(), spent

    def memory(self) -> int:
        """Bytes of all its processes; what they share is counted once."""
        return sum(_proportional_set(pid) for pid in family(self.process.pid))


@contextmanager
def running(
    contender: Contender, environment: Mapping[str, str], *, cores: str, log: Path
) -> Iterator[Running]:
    """Run a contender on some cores until the block ends."""
    port = _free_port()
    variables = {**environment, "PORT": port, "PROD_PORT": port}
    program = [str(part).replace("{PORT}", port) for part in contender.command]
    begun = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  (our own command)
            ["taskset", "-c", cores, *program],  # noqa: S607  (wherever it is)
            cwd=contender.folder,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    started = Running(contender, f"http://127.0.0.1:{port}", variables, process)
    try:
        _wait(started, log)
        started.cold_start = time.perf_counter() - begun
        yield started
    finally:
        _stop(process)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(descendant for child in children for descendant in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    """Processor time of one process so far; 0 when it is gone or elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * _TICK


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and leave nothing behind where it does not."""
    members = family(process.pid)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        raise


def _proportional_set(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def _wait(started: Running, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and started.process.poll() is None:
        try:
            if requests.get(f"{started.url}/api/v1/health/", timeout=5).ok:
                return
        except requests.RequestException:  # not yet
            pass
        time.sleep(0.01)
    lines = "\n".join(log.read_text().splitlines()[-20:])
    raise RuntimeError(f"{started.contender.name} did not start:\n{lines}")
