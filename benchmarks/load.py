"""One burst of wrk, and what it cost whom."""

import json
import math
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import databases
from benchmarks.caller import Caller, logins
from benchmarks.operations import Operation
from benchmarks.processes import Running, cpu_seconds

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Burst:
    """What one burst came to.

    Attributes:
        rate: Requests per second.
        p50, p99: Milliseconds.
        server, database: Processor time of a request in milliseconds.
        generator: The part of a core that wrk used.
    """

    rate: float
    p50: float
    p99: float
    server: float
    database: float
    generator: float
    errors: int


@dataclass(frozen=True, slots=True)
class Load:
    """How an operation is asked.

    Attributes:
        seconds: How long.
        cores: Where wrk runs.
        chains: Opens as many sessions as it is told and returns their refresh tokens.
    """

    seconds: int
    cores: str
    connections: int = CONNECTIONS
    chains: Callable[[Running, int], list[str]] = logins


def burst(running: Running, operation: Operation, load: Load) -> Burst:
    """Ask one operation with all connections for some seconds."""
    variables = {
        "METHOD": operation.method,
        "TARGET": operation.path,
        "EXPECTED": str(running.contender.refusal if operation.refused else 200),
    }
    if operation.body:
        variables["BODY"] = json.dumps(operation.body)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if operation.needs == "access":
            variables["AUTHORIZATION"] = f"Bearer {Caller(running).access}"
        elif operation.needs == "refresh":
            chains = Path(folder) / "chains"
            chains.write_text("\n".join(load.chains(running, load.connections)))
            variables["CHAINS"] = str(chains)
        return _measure(running, variables, load)


def _measure(running: Running, variables: dict[str, str], load: Load) -> Burst:
    # A chain belongs to a thread, which then has one connection; else all threads have as many.
    alone = "CHAINS" in variables
    threads = load.connections if alone else math.gcd(load.connections, CONNECTIONS)
    command = ["taskset", "-c", load.cores, "wrk", "-t", str(threads)]
    command += ["-c", str(load.connections), "-d", f"{load.seconds}s", "--timeout", "30s"]
    command += ["-s", str(SCRIPT), running.url]
    server, backends, generator = running.cpu_seconds(), _backends(running), _waited_for()
    begun = time.perf_counter()
    ended = subprocess.run(  # noqa: S603  (our own command)
        command, env=os.environ | variables, check=True, capture_output=True, text=True
    )
    took = time.perf_counter() - begun
    told = json.loads(ended.stdout.splitlines()[-1])
    requests = max(told["requests"], 1)
    return Burst(
        rate=told["requests"] / (told["microseconds"] / 1e6),
        p50=told["p50"] / 1000,
        p99=told["p99"] / 1000,
        server=(running.cpu_seconds() - server) / requests * 1000,
        database=_spent_since(backends, _backends(running)) / requests * 1000,
        generator=(_waited_for() - generator) / took,
        errors=told["errors"] + (told["requests"] == 0),
    )


def _backends(running: Running) -> dict[int, float]:
    """Processor time so far of PostgreSQL's processes that serve this database."""
    if "DB_NAME" not in running.environment:
        return {}
    query = (
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_type = 'client backend'"
    )
    with databases.connect(running.environment) as connection:
        return {pid: cpu_seconds(pid) for (pid,) in connection.execute(query)}


def _spent_since(before: dict[int, float], after: dict[int, float]) -> float:
    return sum(spent - before.get(pid, 0.0) for pid, spent in after.items())


def _waited_for() -> float:
    """Processor time of the children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
