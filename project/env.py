"""The typed environment: every variable the service knows, and the only reader of ``os.environ``.

``.env`` in the project root is read too; the environment wins.
"""

import os
from functools import cache
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, PositiveInt, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from project.values import (
    CommaList,
    FrontendURL,
    KeyRing,
    LogLevel,
    MailAddress,
    MailURL,
    MaybeBool,
    Networks,
    Port,
    Rate,
    RateLimit,
    RedisURL,
    SentryDSN,
    Token,
)

ROOT = Path(__file__).resolve().parent.parent


class Environment(BaseSettings):
    """The variables of ``docs/configuration.md``; the upper-case field name is the variable."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # a value may be a secret
    )

    secret_key: SecretStr | None = None
    jwt_keys: KeyRing = {}
    debug: MaybeBool = None
    allowed_hosts: CommaList = ["localhost"]
    cors_allowed_origins: CommaList = ["http://localhost:3000"]
    trusted_proxies: Networks = []

    db_host: str = ""
    db_port: Port = 5432
    db_name: str = "backend_db"
    db_user: str = "postgres"
    db_password: SecretStr = SecretStr("")
    db_pgbouncer: bool = False

    redis_url: RedisURL = None
    tasks_redis_url: RedisURL = None

    product_name: Annotated[str, Field(pattern=r"^[^\r\n]+$", max_length=60)] = "Backend"
    email_url: MailURL = SecretStr("console:")
    email_from: MailAddress = ""
    frontend_url: FrontendURL = ""

    access_token_seconds: PositiveInt = 900
    refresh_token_seconds: PositiveInt = 604_800
    session_seconds: PositiveInt = 2_592_000
    password_min_length: Annotated[int, Field(ge=8, le=128)] = 8

    dev_host: str = "127.0.0.1"
    dev_port: Port = 8000
    prod_host: str = "0.0.0.0"  # noqa: S104  (a container listens on every address)
    prod_port: Port = 8000
    gunicorn_workers: PositiveInt = 4
    gunicorn_threads: PositiveInt = 8
    gunicorn_timeout: PositiveInt = 30
    gunicorn_max_requests: PositiveInt = 1000
    max_body_bytes: PositiveInt = 1_048_576
    drain_seconds: Annotated[float, Field(ge=0, le=20)] = 2.0

    rate_limit_login_failures: RateLimit = Rate(5, 300)
    rate_limit_login: RateLimit = Rate(20, 60)
    rate_limit_register: RateLimit = Rate(20, 3600)
    rate_limit_mail: RateLimit = Rate(3, 3600)
    rate_limit_default: RateLimit = Rate(300, 60)

    worker_threads: PositiveInt = 8
    keep_tasks_days: PositiveInt = 7
    keep_events_days: PositiveInt = 365

    log_level: LogLevel | None = None
    slow_request_ms: PositiveInt = 500
    metrics_token: Token = SecretStr("")
    worker_metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    sentry_dsn: SentryDSN = SecretStr("")
    sentry_environment: str = "production"
    api_docs: bool = True

    test_db_name: str = "test_backend"
    test_key_prefix: str = ""

    @model_validator(mode="after")
    def _tasks_follow_the_cache(self) -> "Environment":
        """Tasks live in the same server's next database unless they have a URL of their own."""
        if self.tasks_redis_url is None and self.redis_url is not None:
            url = urlsplit(self.redis_url.get_secret_value())
            database = url.path.strip("/")
            if url.scheme != "unix" and (database.isdigit() or not database):
                path = f"/{int(database or 0) + 1}"
                neighbour = SecretStr(urlunsplit(url._replace(path=path)))
                object.__setattr__(self, "tasks_redis_url", neighbour)
        return self

    @property
    def is_development(self) -> bool:
        """``DEBUG`` decides; where nothing at all is configured, this is somebody's first look."""
        if self.debug is not None:
            return self.debug
        return self.secret_key is None and not self.db_host

    @property
    def rate_limits(self) -> dict[str, Rate | None]:
        """The limit of each group by its name; None lifts it."""
        return {
            "login_failures": self.rate_limit_login_failures,
            "login": self.rate_limit_login,
            "register": self.rate_limit_register,
            "mail": self.rate_limit_mail,
            "default": self.rate_limit_default,
        }

    @property
    def rate_limits_of_development(self) -> dict[str, Rate | None]:
        """Local work is throttled by the failed logins alone, and by what is asked for."""
        asked_for = {"login_failures"} | {
            field.removeprefix("rate_limit_")
            for field in self.model_fields_set
            if field.startswith("rate_limit_")
        }
        return {
            name: rate if name in asked_for else None for name, rate in self.rate_limits.items()
        }

    @property
    def secrets(self) -> list[str]:
        """Every configured secret in clear, for the log's redactor."""
        values: list[SecretStr | None] = [
            self.secret_key,
            self.db_password,
            *self.jwt_keys.values(),
            self.metrics_token,
            self.sentry_dsn,
            SecretStr(urlsplit(self.sentry_dsn.get_secret_value()).username or ""),
        ]
        values += [
            SecretStr(spelling)
            for url in (self.redis_url, self.tasks_redis_url, self.email_url)
            if url and (password := urlsplit(url.get_secret_value()).password)
            for spelling in {password, unquote(password)}
        ]
        return [value.get_secret_value() for value in values if value and value.get_secret_value()]


@cache
def load() -> Environment:
    """Read the environment once.

    Raises:
        ImproperlyConfigured: names every wrong variable at once, and the value of none.
    """
    testing = os.environ.get("DJANGO_SETTINGS_MODULE") == "project.settings.testing"
    try:
        # A developer's .env must not decide how the tests end.
        return Environment(_env_file=None) if testing else Environment()
    except ValidationError as error:
        lines = "\n".join(f"  {name}: {what}" for name, what in describe(error).items())
        msg = f"These environment variables are wrong:\n{lines}"
        raise ImproperlyConfigured(msg) from None


def describe(error: ValidationError) -> dict[str, str]:
    """What is wrong with each variable, and the value of none."""
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(fault["loc"][0]).upper() if fault["loc"] else "environment"
        faults.setdefault(name, fault["msg"].removeprefix("Value error, "))
    return faults


def choose_settings(default: str | None = None) -> None:
    """Set ``DJANGO_SETTINGS_MODULE`` unless it is set: development or production, by ``DEBUG``."""
    name = default or ("development" if load().is_development else "production")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"project.settings.{name}")


def hand_down(**variables: str) -> None:
    """Set variables that a library reads by itself, for this process and those it starts."""
    os.environ.update(variables)


def require(**values: object) -> None:
    """Insist on values that production cannot do without.

    Raises:
        ImproperlyConfigured: names every variable that is missing.
    """
    missing = [name for name, value in values.items() if not value]
    if missing:
        lines = "\n".join(f"  {name}: must be set in production" for name in missing)
        msg = f"These environment variables are wrong:\n{lines}"
        raise ImproperlyConfigured(msg)


def redis_url(value: SecretStr | None) -> str:
    """A Redis URL in clear, ``""`` when embedded."""
    return value.get_secret_value() if value else ""
