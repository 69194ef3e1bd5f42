"""What a run needs, and what it ran on."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import redis

from benchmarks import databases
from benchmarks.contenders import ROOT

HERE = ROOT / "benchmarks"
LOCK, VENV = HERE / "requirements.lock", HERE / ".venv"


def require_tools() -> None:
    """Stop where the load generator is missing."""
    missing = [name for name in ("wrk", "taskset") if not shutil.which(name)]
    if missing:
        sys.exit(f"Missing: {', '.join(missing)}. On Debian: apt-get install wrk util-linux")


def set_up_peers() -> None:
    """Make the peers' environment what their lock says."""
    ready = VENV / "requirements.lock"
    if ready.exists() and ready.read_bytes() == LOCK.read_bytes():
        return
    sys.stdout.write("Setting up benchmarks/.venv from benchmarks/requirements.lock\n")
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    python = str(VENV / "bin" / "python")
    for command in (
        ("venv", "--quiet", "--clear", "--python", _base_python(), str(VENV)),
        ("pip", "sync", "--quiet", "--require-hashes", "--python", python, str(LOCK)),
    ):
        subprocess.run([uv, *command], check=True)  # noqa: S603  (our own command)
    shutil.copy(LOCK, ready)


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


def versions() -> dict[str, str]:
    """What the peers run on, by package."""
    wanted = "django|djangorestframework|djangorestframework-simplejwt|fastapi|sqlalchemy|asyncpg"
    names = {*wanted.split("|"), "uvicorn", "gunicorn", "psycopg"}
    pins = (line.split()[0].split("==") for line in LOCK.read_text().splitlines() if "==" in line)
    return {pin[0]: pin[1] for pin in pins if pin[0] in names}


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _base_python() -> str:
    """The Python that the project's own environment was made from: the same for all."""
    return str(Path(sys.executable).resolve())
