"""The environment of a service under production settings, with limits that load does not reach."""

import secrets

from tests.processes import free_port

MANY = "1000000/min"


def variables(**others: str) -> dict[str, str]:
    """What it takes beside a database and a Redis. Callers say in a header where they come from."""
    limits = ("LOGIN_FAILURES", "LOGIN", "REGISTER", "MAIL", "DEFAULT")
    return {
        "DJANGO_SETTINGS_MODULE": "project.settings.production",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_hex(32),
        "JWT_KEYS": f"faults:{secrets.token_hex(32)}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRUSTED_PROXIES": "127.0.0.1",
        "CORS_ALLOWED_ORIGINS": "https://www.example.com",
        "FRONTEND_URL": "https://www.example.com",
        "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}",  # nobody is there
        "SENTRY_DSN": "",  # a developer's .env is read, and must not be told of this
        "METRICS_TOKEN": "",
        "DRAIN_SECONDS": "2",
        **{f"RATE_LIMIT_{limit}": MANY for limit in limits},
        **others,
    }
