"""Who is measured, and how each of them runs."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from benchmarks import databases, servers
from benchmarks.operations import Operation
from benchmarks.servers import ROOT, TOOLS, WORKERS, Command

PEERS = ROOT / "benchmarks" / "peers"
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
        only: The operations that it is started for and measured at; all where there are none.
    """

    name: str
    title: str
    how: str
    folder: Path
    command: Command
    schema: str
    prepare: Callable[[Environment], None]
    variables: Environment = field(default_factory=dict)
    refusal: int = 400
    only: tuple[str, ...] = ()

    def answers(self, operation: Operation) -> bool:
        """Whether it is measured at an operation."""
        return not self.only or operation.name in self.only


def _service(name: str, title: str, how: str, **variables: str) -> Contender:
    return Contender(
        name,
        title,
        how,
        folder=ROOT,
        command=servers.production(),
        schema="service",
        prepare=databases.prepare_service,
        variables={**SERVICE, **variables},
    )


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
    "GUNICORN_WORKERS": WORKERS,
    "GUNICORN_MAX_REQUESTS": "1000000000",
    "DRAIN_SECONDS": "0",
    "LOG_LEVEL": "INFO",
    **{f"RATE_LIMIT_{name}": PLENTY for name in ("LOGIN_FAILURES", "LOGIN", "REGISTER", "DEFAULT")},
}

LIMIT = Contender(
    "limit",
    "the limit",
    "one WSGI function, hand-written SQL on a psycopg pool of 4, gunicorn with 8 threads",
    folder=PEERS / "limit",
    command=servers.gunicorn("app", threads=8),
    schema="plain",
    prepare=databases.prepare_plain,
)
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
        command=servers.gunicorn("config.wsgi", threads=4),
        schema="drf",
        prepare=partial(databases.prepare_django, PEERS / "drf"),
    ),
    Contender(
        "fastapi",
        "FastAPI + SQLAlchemy",
        "uvicorn with uvloop and httptools, async sessions on asyncpg, a pool of 4 per worker",
        folder=PEERS / "fastapi_sqlalchemy",
        command=servers.uvicorn(),
        schema="plain",
        prepare=databases.prepare_plain,
        refusal=422,
    ),
    Contender(
        "fastapi-template",
        "FastAPI, its template",
        "uvicorn as `fastapi run --workers` starts it, sync operations in the thread pool, SQLModel"
        " on psycopg, pages by offset with a count",
        folder=PEERS / "fastapi_template",
        command=servers.uvicorn(),
        schema="plain",
        prepare=databases.prepare_plain,
        refusal=422,
    ),
    Contender(
        "litestar",
        "Litestar + SQLAlchemy",
        "granian with uvloop, async sessions on asyncpg, a pool of 4 per worker, msgspec",
        folder=PEERS / "litestar",
        command=servers.granian(),
        schema="plain",
        prepare=databases.prepare_plain,
    ),
    Contender(
        "django-bolt",
        "django-bolt",
        "its own server in Rust, which checks access tokens, too; Django's ORM, 4 threads, msgspec",
        folder=PEERS / "django_bolt",
        command=servers.runbolt(),
        schema="django-bolt",
        prepare=partial(databases.prepare_django, PEERS / "django_bolt"),
        variables={"DJANGO_BOLT_EXECUTOR_THREADS": "4"},
        refusal=422,
    ),
    LIMIT,
    replace(
        LIMIT,
        name="limit-count",
        title="the limit, counting",
        how="the same, which counts all users for every page",
        variables={"COUNT": "1"},
        only=("list",),
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
