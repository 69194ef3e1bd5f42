"""The typed environment: every variable the service knows, and the only reader of ``os.environ``.

``.env`` in the project root is read too; the environment wins.
"""

import os
import re
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


def _split(value: object) -> object:
    """Turn ``a, b`` into ``["a", "b"]``."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


_KID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def _keys(value: object) -> object:
    """Turn ``kid:key,kid:key`` into a mapping that keeps the order."""
    if not isinstance(value, str):
        return value
    pairs = [part.strip().partition(":") for part in value.split(",") if part.strip()]
    if any(not (_KID.fullmatch(kid) and key) for kid, _, key in pairs):
        msg = "must be kid:key pairs, separated by commas; a kid is 1 to 64 of A-Z a-z 0-9 . _ -"
        raise ValueError(msg)
    if len({kid for kid, _, _ in pairs}) < len(pairs):
        msg = "must not name a kid twice"
        raise ValueError(msg)
    return {kid: key for kid, _, key in pairs}


def _redis_url(value: SecretStr | None) -> SecretStr | None:
    if value is None or not value.get_secret_value():
        return None
    url = urlsplit(value.get_secret_value())
    if url.scheme not in {"redis", "rediss", "unix"}:
        msg = "must be a redis://, rediss:// or unix:// URL"
        raise ValueError(msg)
    return value


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


class Rate(NamedTuple):
    """So many in so many seconds."""

    amount: int
    seconds: int


_RATE = re.compile(r"(?P<amount>[1-9]\d*)/(?P<count>[1-9]\d*)?(?P<unit>s|sec|min|h|hour|d|day)")
_UNITS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}


def _rate(value: object) -> object:
    """Turn ``5/5min`` into a rate, and nothing into no limit."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    match = _RATE.fullmatch(value.strip())
    if match is None:
        msg = "must be like 20/min or 5/5min (s, min, h, d), or empty for no limit"
        raise ValueError(msg)
    return Rate(int(match["amount"]), int(match["count"] or 1) * _UNITS[match["unit"]])


type RateLimit = Annotated[Rate | None, NoDecode, BeforeValidator(_rate)]
type CommaList = Annotated[list[str], NoDecode, BeforeValidator(_split)]
type Network = IPv4Network | IPv6Network
type RedisURL = Annotated[SecretStr | None, AfterValidator(_redis_url)]
type Port = Annotated[int, Field(ge=1, le=65535)]
type LogLevel = Annotated[
    Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]


class Environment(BaseSettings):
    """The variables of ``docs/configuration.md``; the upper-case field name is the variable."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # a value may be a secret
    )

    secret_key: SecretStr | None = None
    jwt_keys: Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(_keys)] = {}
    debug: Annotated[bool | None, BeforeValidator(_empty_is_none)] = None
    allowed_hosts: CommaList = ["localhost"]
    cors_allowed_origins: CommaList = ["http://localhost:3000"]
    trusted_proxies: Annotated[list[Network], NoDecode, BeforeValidator(_split)] = []

    db_host: str = ""
    db_port: Port = 5432
    db_name: str = "backend_db"
    db_user: str = "postgres"
    db_password: SecretStr = SecretStr("")

    redis_url: RedisURL = None
    tasks_redis_url: RedisURL = None

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

    rate_limit_login_failures: RateLimit = Rate(5, 300)
    rate_limit_login: RateLimit = Rate(20, 60)
    rate_limit_register: RateLimit = Rate(20, 3600)
    rate_limit_default: RateLimit = Rate(300, 60)

    log_level: LogLevel | None = None
    slow_request_ms: PositiveInt = 500
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
        ]
        values += [
            SecretStr(password)
            for url in (self.redis_url, self.tasks_redis_url)
            if url and (password := urlsplit(url.get_secret_value()).password)
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
        raise ImproperlyConfigured(_describe(error)) from None


def _describe(error: ValidationError) -> str:
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(fault["loc"][0]).upper() if fault["loc"] else "environment"
        faults.setdefault(name, fault["msg"].removeprefix("Value error, "))
    lines = "\n".join(f"  {name}: {message}" for name, message in faults.items())
    return f"These environment variables are wrong:\n{lines}"


def choose_settings(default: str | None = None) -> None:
    """Set ``DJANGO_SETTINGS_MODULE`` unless it is set: development or production, by ``DEBUG``."""
    name = default or ("development" if load().is_development else "production")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"project.settings.{name}")


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
