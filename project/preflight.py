"""``just preflight``: everything that is wrong with this environment for production, at once.

Each fault names its variable and never its value. What can be judged without Django is judged
first; then the database is asked, with stand-ins for whatever is missing, so that one call tells
all there is to mend.
"""

import secrets
import sys
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError
from redis.connection import parse_url

from project import env
from project.env import Environment

SECRET_KEY_LENGTH, SECRET_KEY_VARIETY = 50, 5
JWT_KEY_LENGTH = 32


class Fault(NamedTuple):
    """What is wrong with a variable."""

    variable: str
    what: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.what}"


def main() -> int:
    """Print every fault; 1 if there is any."""
    environment, faults = read()
    for judge in (identity, boundaries, servers, mails, inside):
        faults += judge(environment)
    for fault in dict.fromkeys(faults):
        print(fault)  # noqa: T201  (what the recipe is for)
    if not faults:
        print("Ready for production.")  # noqa: T201
    return 1 if faults else 0


def read() -> tuple[Environment, list[Fault]]:
    """The environment as far as it can be read, and what cannot."""
    try:
        return Environment(), []
    except ValidationError as error:
        found = env.describe(error)
    fields = Environment.model_fields
    # Arguments win over the environment: what cannot be read is as if it were not set.
    defaults: dict[str, Any] = {name.lower(): fields[name.lower()].default for name in found}
    return Environment(**defaults), [Fault(name, what) for name, what in found.items()]


def identity(environment: Environment) -> Iterator[Fault]:
    """Keys, and what must not be on."""
    if environment.debug:
        yield Fault("DEBUG", "must be false in production")
    secret = environment.secret_key.get_secret_value() if environment.secret_key else ""
    if not secret:
        yield Fault("SECRET_KEY", "must be set in production")
    elif len(secret) < SECRET_KEY_LENGTH:
        yield Fault("SECRET_KEY", f"must have at least {SECRET_KEY_LENGTH} characters")
    if secret and ("django-insecure" in secret or len({*secret}) < SECRET_KEY_VARIETY):
        yield Fault("SECRET_KEY", "must be random")
    if not environment.jwt_keys:
        yield Fault("JWT_KEYS", "must be set in production")
    keys = [key.get_secret_value() for key in environment.jwt_keys.values()]
    if any(len(key) < JWT_KEY_LENGTH for key in keys):
        yield Fault("JWT_KEYS", f"each key must have at least {JWT_KEY_LENGTH} characters")
    if secret and secret in keys:
        yield Fault("JWT_KEYS", "must differ from SECRET_KEY")


def boundaries(environment: Environment) -> Iterator[Fault]:
    """Hosts, origins, proxies."""
    if not environment.allowed_hosts:
        yield Fault("ALLOWED_HOSTS", "must name the hosts that are answered")
    if "*" in environment.allowed_hosts:
        yield Fault("ALLOWED_HOSTS", "must not allow every host")
    for origin in environment.cors_allowed_origins:
        if origin == "*":
            yield Fault("CORS_ALLOWED_ORIGINS", "must not allow every origin")
        elif urlsplit(origin).scheme not in {"http", "https"}:
            yield Fault("CORS_ALLOWED_ORIGINS", "must be origins with their scheme")
    if _covers_everything(environment.trusted_proxies):
        yield Fault("TRUSTED_PROXIES", "must not trust every address")


def _covers_everything(networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether all addresses of one kind are in these networks, together."""
    old = collapse_addresses(each for each in networks if isinstance(each, IPv4Network))
    new = collapse_addresses(each for each in networks if isinstance(each, IPv6Network))
    return 0 in {each.prefixlen for each in old} | {each.prefixlen for each in new}


def servers(environment: Environment) -> Iterator[Fault]:
    """PostgreSQL and Redis."""
    if not environment.db_host:
        yield Fault("DB_HOST", "must name a PostgreSQL in production")
    if not environment.db_password.get_secret_value():
        yield Fault("DB_PASSWORD", "must be set in production")
    cache, tasks = env.redis_url(environment.redis_url), env.redis_url(environment.tasks_redis_url)
    if not cache:
        yield Fault("REDIS_URL", "must name a Redis in production")
    elif _redis_database(cache) == _redis_database(tasks):
        yield Fault("TASKS_REDIS_URL", "must name another database than REDIS_URL")


def _redis_database(url: str) -> tuple[str, int, int]:
    """Server, port and number of the database that a client of Redis would take."""
    parts = parse_url(url)  # type: ignore[no-untyped-call]  # redis leaves it untyped
    host = str(parts.get("path") or parts.get("host") or "localhost")
    this = {"localhost", "::1"}
    return "127.0.0.1" if host in this else host, parts.get("port", 6379), parts.get("db", 0)


def mails(environment: Environment) -> Iterator[Fault]:
    """Where mails go, and where their links lead."""
    if environment.email_url.get_secret_value() == "console:":
        yield Fault("EMAIL_URL", "must name a mail server or a folder in production")
    if not environment.frontend_url.startswith("https://"):
        yield Fault("FRONTEND_URL", "must be an https:// URL in production")


# Django's checks of what is judged above.
_OURS = {"corsheaders.E013", "security.W009", "security.W018", "security.W020"}


def inside(environment: Environment) -> Iterator[Fault]:
    """What Django and the database say."""
    _set_up(environment)
    from django.core import checks  # noqa: PLC0415  (only now is there a configuration)

    for found in checks.run_checks(include_deployment_checks=True):
        if found.level >= checks.WARNING and not found.is_silenced() and found.id not in _OURS:
            # Only its name: a message may quote a value.
            yield Fault(str(found.id), "manage.py check --deploy tells more")
    if environment.db_host:
        yield from _database(environment)


def _set_up(environment: Environment) -> None:
    """Configure Django for production, with stand-ins for the keys that are missing."""
    stand_ins: dict[str, Any] = {"debug": False, "log_level": "CRITICAL"}
    if environment.secret_key is None or not environment.secret_key.get_secret_value():
        stand_ins["secret_key"] = SecretStr(secrets.token_urlsafe(50))
    if not environment.jwt_keys:
        stand_ins["jwt_keys"] = {"stand-in": SecretStr(secrets.token_urlsafe(50))}
    repaired = environment.model_copy(update=stand_ins)
    env.load = lambda: repaired  # type: ignore[assignment]  # for this process alone
    env.choose_settings("production")
    import django  # noqa: PLC0415

    django.setup()


def _database(environment: Environment) -> Iterator[Fault]:
    from django.db import DatabaseError, connection  # noqa: PLC0415

    from backend.core import migrations  # noqa: PLC0415

    try:
        pending = migrations.pending()
        if _granted(connection) < _wanted(environment):
            yield Fault("GUNICORN_WORKERS", "want more connections than PostgreSQL grants")
    except DatabaseError:
        yield Fault("DB_HOST", "the database does not answer, or refuses us: just check-db")
        return
    if pending:
        yield Fault("migrations", "some are pending: just migrate")
    elif _has_demo_users():
        yield Fault("demo users", "the seeded users have known passwords: remove them")


def _has_demo_users() -> bool:
    from backend.users.management.commands.seed import (  # noqa: PLC0415
        ADMIN_EMAIL,
        demo_address,
    )
    from backend.users.models import User  # noqa: PLC0415

    return User.objects.filter(email__in=[ADMIN_EMAIL, demo_address(1)]).exists()


def _granted(connection: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        return int(cursor.fetchone()[0])


def _wanted(environment: Environment) -> int:
    """One server, one worker, one scheduler; docs/database.md has the sum."""
    server = environment.gunicorn_workers * (environment.gunicorn_threads + 1)
    return server + environment.worker_threads + 1 + 1


if __name__ == "__main__":
    sys.exit(main())
