"""Differences for a developer's machine: everything works without a single variable."""

import os

from project.settings.base import *  # noqa: F403  (a settings module is its base plus differences)
from project.settings.base import ALLOWED_HOSTS, ENV, FRONTEND_URL, JWT_KEYS, LOGGING, SECRET_KEY

DEBUG = True
SECRET_KEY = SECRET_KEY or "django-insecure-development-only"
JWT_KEYS = JWT_KEYS or {"development": "development-only-not-a-secret-at-all"}
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]", ENV.dev_host]
INTERNAL_IPS = ["127.0.0.1", "::1"]

SERVES_LINK_PAGES = not FRONTEND_URL
_HOST = "localhost" if ENV.dev_host in {"0.0.0.0", "::"} else ENV.dev_host  # noqa: S104
_HOST = f"[{_HOST}]" if ":" in _HOST else _HOST
FRONTEND_URL = FRONTEND_URL or f"http://{_HOST}:{ENV.dev_port}"

DRAIN_SECONDS = 0  # nobody stands in front, and somebody waits for the terminal

# `just start` runs a single worker.
PASSWORD_HASHES_AT_ONCE = os.cpu_count() or 1
RATE_LIMITS = ENV.rate_limits_of_development

WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

LOGGING = {**LOGGING, "level": ENV.log_level or "DEBUG", "json": False}
