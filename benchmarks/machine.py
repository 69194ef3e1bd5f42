"""What a run needs of the machine, and which it was."""

import os
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import redis

from benchmarks import databases


def require_tools() -> None:
    """Stop where the load generator is missing."""
    missing = [name for name in ("wrk", "taskset") if not shutil.which(name)]
    if missing:
        sys.exit(f"Missing: {', '.join(missing)}. On Debian: apt-get install wrk util-linux")


def require_connections(place: Mapping[str, str], needed: int) -> None:
    """Stop where PostgreSQL has not so many connections left."""
    query = (
        "SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend'"
    )
    with databases.connect(place) as connection:
        row = connection.execute(query).fetchone()
    free = int(row[0]) if row else 0
    if free < needed:
        sys.exit(f"PostgreSQL has {free} connections left, {needed} are needed: max_connections")


def split_cores() -> tuple[str, str]:
    """The cores of the servers, and of the load generator: one another's, where there are two."""
    cores = [str(core) for core in sorted(os.sched_getaffinity(0))]
    if len(cores) == 1:
        return cores[0], cores[0]
    return cores[0], ",".join(cores[1:])


def describe(place: Mapping[str, str], redis_url: str) -> dict[str, str]:
    """The machine and the versions of everything that is the same for all."""
    with databases.connect(place) as connection:
        version = connection.execute("SHOW server_version").fetchone()
    with redis.Redis.from_url(redis_url) as client:
        cache = client.info("server")["redis_version"]
    return {
        "processor": f"{os.cpu_count()} cores, {_processor()}",
        "load before": f"{os.getloadavg()[0]:.2f}",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "PostgreSQL": str(version[0]) if version else "",
        "Redis": str(cache),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
