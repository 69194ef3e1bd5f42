"""The command of each kind of server: workers and port the same for all, no access log."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICE_VENV, PEERS_VENV = ROOT / "benchmarks" / ".service", ROOT / "benchmarks" / ".venv"
TOOLS = PEERS_VENV / "bin"
WORKERS = "2"
ADDRESS = ("--host", "127.0.0.1", "--port", "{PORT}")

type Command = tuple[str | Path, ...]


def production() -> Command:
    """The service as its image serves it, on the packages of its image."""
    python = SERVICE_VENV / "bin" / "python"
    return (python, "-m", "gunicorn", "--config", "project/gunicorn.py")


def gunicorn(application: str, threads: int) -> Command:
    """WSGI with threads."""
    address = ("--bind", "127.0.0.1:{PORT}", "--workers", WORKERS)
    kind = ("--worker-class", "gthread", "--threads", str(threads), "--no-control-socket")
    return (TOOLS / "gunicorn", application, *address, *kind)


def uvicorn() -> Command:
    """ASGI, with the loop and the parser that it chooses by itself."""
    kind = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
    return (TOOLS / "uvicorn", "app:app", *ADDRESS, "--workers", WORKERS, *kind)


def granian() -> Command:
    """ASGI, on a server written in Rust."""
    kind = ("--interface", "asgi", "--loop", "uvloop", "--no-access-log", "--log-level", "warning")
    # Else it would not stop before its clients have hung up.
    stopping = ("--workers-kill-timeout", "3")
    return (TOOLS / "granian", *ADDRESS, "--workers", WORKERS, *kind, *stopping, "app:app")


def runbolt() -> Command:
    """django-bolt's own server, written in Rust."""
    where = ("--pythonpath", ".", "--settings", "config.settings")
    return (TOOLS / "django-admin", "runbolt", *where, *ADDRESS, "--processes", WORKERS)
