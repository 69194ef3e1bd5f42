"""PostgreSQL's own programs: found on this machine, called with this process's connection."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection

from backend.core.backups.failure import BackupFailed

LOCK_TIMEOUT = "10s"
_DEBIAN = "/usr/lib/postgresql"


def program(name: str) -> str:
    """The path of a program that understands the server: of its version, or the next newer one.

    Raises:
        BackupFailed: there is none.
    """
    server = _raw().info.server_version // 10_000
    found = {_major(path): path for path in _candidates(name)}
    fitting = [version for version in found if version >= server]
    if not fitting:
        there = f"there is only {max(found)}" if found else "there is none"
        raise BackupFailed(
            f"{name} of PostgreSQL {server} is needed, and {there}: install postgresql-client"
        )
    return found[min(fitting)]


def environment() -> dict[str, str]:
    """Variables by which the programs reach what this process is connected to; the password too.

    On a command line everybody on the machine could read it.
    """
    options = [option for option in _raw().pgconn.info if option.envvar and option.val]
    return {
        "PATH": "/usr/bin:/bin",
        **{option.envvar.decode(): option.val.decode() for option in options},
        "PGAPPNAME": "backend backup",
        # In place of a request's limits.
        "PGOPTIONS": f"-c client_min_messages=warning -c lock_timeout={LOCK_TIMEOUT}",
    }


def run(name: str, *arguments: str) -> bytes:
    """What a program writes to its standard output.

    Raises:
        BackupFailed: it fails, with what it says.
    """
    ended = subprocess.run(  # noqa: S603  (a program we looked for, our own arguments)
        [program(name), *arguments], env=environment(), capture_output=True, check=False
    )
    if ended.returncode:
        raise BackupFailed(reason(ended.stderr))
    return ended.stdout


def reason(said: bytes) -> str:
    """The last thing that a program said."""
    lines = said.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if "error:" in line.lower()), (lines or ["it failed"])[-1])


def _raw() -> Any:
    """Psycopg's connection."""
    connection.ensure_connection()
    return connection.connection


def _candidates(name: str) -> Iterator[str]:
    yield from map(str, Path(_DEBIAN).glob(f"[0-9]*/bin/{name}"))
    if on_path := shutil.which(name):
        yield on_path


def _major(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    match = re.search(r"\d+", said.stdout)
    return int(match[0]) if match else 0
