"""The packages of the service, as its image installs them, and those of the peers."""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.servers import PEERS_VENV, ROOT, SERVICE_VENV

LOCK = ROOT / "benchmarks" / "requirements.lock"
_TOLD = {
    *("django", "djangorestframework", "djangorestframework-simplejwt", "django-bolt", "psycopg"),
    *("fastapi", "litestar", "sqlalchemy", "sqlmodel", "advanced-alchemy", "asyncpg", "msgspec"),
    *("gunicorn", "uvicorn", "granian"),
}


def set_up_service() -> None:
    """What the service wants in production, at the versions of its lock, and nothing else."""
    wanted, lock = ROOT / "pyproject.toml", ROOT / "requirements.lock"
    options = ("--requirement", str(wanted), "--constraint", str(lock))
    _set_up(SERVICE_VENV, "install", *options, made_of=(wanted, lock))


def set_up_peers() -> None:
    """What their lock says."""
    _set_up(PEERS_VENV, "sync", str(LOCK), made_of=(LOCK,))


def versions() -> dict[str, str]:
    """What the peers run on, by package."""
    pins = (line.split()[0].split("==") for line in LOCK.read_text().splitlines() if "==" in line)
    return {pin[0]: pin[1] for pin in pins if pin[0] in _TOLD}


def _set_up(venv: Path, action: str, *options: str, made_of: tuple[Path, ...]) -> None:
    """Make an environment anew, unless it has been made of the same files."""
    ready, said = venv / "made-of", b"".join(path.read_bytes() for path in made_of)
    if ready.exists() and ready.read_bytes() == said:
        return
    names = ", ".join(str(path.relative_to(ROOT)) for path in made_of)
    sys.stdout.write(f"Setting up {venv.relative_to(ROOT)} from {names}\n")
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    base, python = Path(sys.executable).resolve(), venv / "bin" / "python"  # one Python for all
    how = ("--quiet", "--compile-bytecode", "--require-hashes", "--python", str(python))
    for command in (
        ("venv", "--quiet", "--clear", "--python", str(base), str(venv)),
        ("pip", action, *how, *options),
    ):
        subprocess.run([uv, *command], check=True)  # noqa: S603  (our own command)
    ready.write_bytes(said)
