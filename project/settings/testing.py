"""Differences for the test suite: real parts where ``tests.services`` found them, cheap hashes."""

from project.settings.base import *  # noqa: F403  (a settings module is its base plus differences)
from project.settings.base import ENV, FRONTEND_URL, LOGGING, SQLITE

SECRET_KEY = "test-only-" + "0123456789abcdef" * 4
JWT_KEYS = {
    "new": "test-only-new-key-0123456789abcdef",
    "old": "test-only-old-key-0123456789abcdef",
}
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
PASSWORD_HASHERS = ["tests.hashers.CheapArgon2idHasher"]

# Lifted unless a test or the environment of a running service asks for one.
RATE_LIMITS = {**ENV.rate_limits_of_development, "login_failures": None}
if "rate_limit_login_failures" in ENV.model_fields_set:
    RATE_LIMITS["login_failures"] = ENV.rate_limit_login_failures

# Mails of the tests' own process stay in memory; those of a running service go where it says.
if "email_url" not in ENV.model_fields_set:
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
FRONTEND_URL = FRONTEND_URL or "https://app.example.com"

WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
LOGGING = {**LOGGING, "level": ENV.log_level or "WARNING"}

if not ENV.db_host:
    DATABASES = {"default": {**SQLITE, "NAME": ENV.db_name, "TEST": {"NAME": None}}}
