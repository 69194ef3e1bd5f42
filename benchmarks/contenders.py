"""Who is measured, and how each of them runs."""

import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import databases

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"
TOOLS = ROOT / "benchmarks" / ".venv" / "bin"
WORKERS = 2
PLENTY = "1000000000/min"

type Environment = Mapping[str, str]


@dataclass(frozen=True)
class Contender:
    """A program that is measured.

    Attributes:
        command: Its server; ``{PORT}`` stands for the port.
        variables: What its environment holds beside the address of database and Redis.
        prepare: Makes its tables and fills them; contenders of one ``schema`` share them.
        refusal: The status of its answer to an invalid body.
    """

    name: str
    title: str
    how: str
    folder: Path
    command: tuple[str | Path, ...]
    schema: str
    prepare: Callable[[Environment], None]
    variables: Environment = field(default_factory=dict)
    refusal: int = 400


def _service(name: str, title: str, how: str, **variables: str) -> Contender:
    return Contender(
        name,
        title,
        how,
        folder=ROOT,
        command=(sys.executable, "-m", "gunicorn", "--config", "project/gunicorn.py"),
        schema="service",
        prepare=databases.prepare_service,
        variables={**SERVICE, **variables},
    )


def _gunicorn(application: str, threads: int) -> tuple[str | Path, ...]:
    address = ("--bind", "127.0.0.1:{PORT}", "--workers", str(WORKERS))
    kind = ("--worker-class", "gthread", "--threads", str(threads), "--no-control-socket")
    return (TOOLS / "gunicorn", application, *address, *kind)


# Production settings. Nothing is taken away: limits are too high to be reached, and workers are
# not replaced in the middle of a run.
SERVICE = {
    "DJANGO_SETTINGS_MODULE": "project.settings.production",
    "DEBUG": "false",
    "SECRET_KEY": secrets.token_hex(32),
    "JWT_KEYS": f"bench:{secrets.token_hex(32)}",
    "ALLOWED_HOSTS": "127.0.0.1",
    "FRONTEND_URL": "https://app.example.com",
    "PROD_HOST": "127.0.0.1",
    "GUNICORN_WORKERS": str(WORKERS),
    "GUNICORN_MAX_REQUESTS": "1000000000",
    "DRAIN_SECONDS": "0",
    "LOG_LEVEL": "INFO",
    **{f"RATE_LIMIT_{name}": PLENTY for name in ("LOGIN_FAILURES", "LOGIN", "REGISTER", "DEFAULT")},
}

CONTENDERS = [
    _service(
        "service",
        "this service",
        "as shipped: production settings, gunicorn with 8 threads; access log, request ids,"
        " security headers and rate limits on",
    ),
    _service(
        "service-bare",
        "… log and limits off",
        "the same without access log and rate limits, which no peer has",
        LOG_LEVEL="WARNING",
        **dict.fromkeys((f"RATE_LIMIT_{name}" for name in ("LOGIN", "REGISTER", "DEFAULT")), ""),
    ),
    Contender(
        "drf",
        "DRF + simplejwt",
        "gunicorn with 4 threads, which serve it better than sync workers do; persistent"
        " connections, JSON only, rotation with the blacklist",
        folder=PEERS / "drf",
        command=_gunicorn("config.wsgi", threads=4),
        schema="drf",
        prepare=databases.prepare_drf,
    ),
    Contender(
        "fastapi",
        "FastAPI + SQLAlchemy",
        "uvicorn with uvloop and httptools, async sessions on asyncpg, a pool of 8 per worker",
        folder=PEERS / "fastapi_sqlalchemy",
        command=(
            *(TOOLS / "uvicorn", "app:app", "--host", "127.0.0.1", "--port", "{PORT}"),
            *("--workers", str(WORKERS), "--loop", "uvloop", "--http", "httptools"),
            *("--no-access-log", "--log-level", "warning"),
        ),
        schema="plain",
        prepare=databases.prepare_plain,
        refusal=422,
    ),
    Contender(
        "limit",
        "the limit",
        "one WSGI function, hand-written SQL on a psycopg pool, gunicorn with 8 threads",
        folder=PEERS / "limit",
        command=_gunicorn("app", threads=8),
        schema="plain",
        prepare=databases.prepare_plain,
    ),
]
CEILING = Contender(
    "ceiling",
    "a constant answer",
    "one process on uvloop that answers without reading",
    folder=PEERS / "ceiling",
    command=(TOOLS / "python", "app.py"),
    schema="",
    prepare=lambda _: None,
)
