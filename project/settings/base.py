"""What every environment shares. The other modules hold differences only."""

import os
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from project import __version__, env, values

ENV = env.load()
ROOT = env.ROOT
VERSION = __version__
PRODUCT_NAME = ENV.product_name

# --- identity and hosts ---------------------------------------------------------------------------

SECRET_KEY = ENV.secret_key.get_secret_value() if ENV.secret_key else ""
DEBUG = False
ALLOWED_HOSTS = ENV.allowed_hosts
CORS_ALLOWED_ORIGINS = ENV.cors_allowed_origins
TRUSTED_PROXIES = ENV.trusted_proxies

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
APPEND_SLASH = True

INSTALLED_APPS = [
    "backend.core",
    "backend.tasks",
    "backend.audit",
    "backend.idempotency",
    "backend.mails",
    "backend.users",
    "backend.authentication",
    "backend.health",
    "backend.api",
    "corsheaders",
    "ninja",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "backend.core.http.middleware.RequestMiddleware",
    "backend.core.http.security_headers.SecurityHeadersMiddleware",
    "backend.core.http.cors.CorsMiddleware",
    "backend.core.http.middleware.EnvelopeMiddleware",
    "backend.core.http.methods.HttpMethodsMiddleware",
    "backend.core.http.slash.SlashMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # The API carries bearer tokens: cookies, CSRF and messages belong to the admin site alone.
    "backend.core.http.outside_api.BodyMiddleware",
    "backend.core.http.outside_api.SessionMiddleware",
    "backend.core.http.outside_api.CsrfViewMiddleware",
    "backend.core.http.outside_api.AuthenticationMiddleware",
    "backend.core.http.outside_api.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "staticfiles"
WHITENOISE_ALLOW_ALL_ORIGINS = False  # these files are for our own pages

# --- database -------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

POSTGRESQL: dict[str, Any] = {
    "ENGINE": "backend.core.postgresql",
    "HOST": ENV.db_host,
    "PORT": ENV.db_port,
    "NAME": ENV.db_name,
    "USER": ENV.db_user,
    "PASSWORD": ENV.db_password.get_secret_value(),
    "CONN_MAX_AGE": 0,  # a pool and persistent connections exclude each other
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "application_name": "backend",
        "connect_timeout": 2,  # seconds; the smallest that libpq honours
        # Values travel beside the statement, so that it is the same for all of them: the server
        # parses and plans it once for each connection, from its fifth run on.
        "server_side_binding": True,
        "prepare_threshold": 5,
        "options": (
            "-c statement_timeout=5000 -c lock_timeout=3000 "
            "-c idle_in_transaction_session_timeout=30000"
        ),
        "pool": {
            "min_size": 0,
            # A server's threads and its health probe, or a worker's threads and its relay.
            "max_size": max(ENV.gunicorn_threads, ENV.worker_threads) + 1,
            "max_lifetime": 600.0,
            "max_idle": 60.0,
            "timeout": 1.5,
            "reconnect_timeout": 0.0,  # the breaker decides when to try again
        },
    },
    "TEST": {"NAME": ENV.test_db_name},
}

SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": ROOT / "db.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}

if ENV.db_pgbouncer:
    # In transaction mode a connection is another one each time: nothing may be left in it. The
    # role has the timeouts then; docs/database.md tells how.
    POSTGRESQL["OPTIONS"]["prepare_threshold"] = None
    del POSTGRESQL["OPTIONS"]["options"]

DATABASES = {"default": POSTGRESQL if ENV.db_host else SQLITE}
CHECK_CONNECTION_AFTER_IDLE_SECONDS = 1.0
DATABASE_DEADLINE_SECONDS = 6.0

# --- cache ----------------------------------------------------------------------------------------

REDIS_OPTIONS: dict[str, Any] = {
    # One try, 50 ms: an answer that waits for a dead Redis helps nobody.
    "SOCKET_CONNECT_TIMEOUT": 0.05,
    "SOCKET_TIMEOUT": 0.05,
    "CONNECTION_POOL_KWARGS": {"retry": Retry(NoBackoff(), 0)},
    "IGNORE_EXCEPTIONS": True,  # a cache that is away is an empty cache
}
REDIS_CACHE = {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": env.redis_url(ENV.redis_url),
    "OPTIONS": REDIS_OPTIONS,
    "KEY_PREFIX": f"{ENV.test_key_prefix}backend",
}
LIMITS_REDIS_URL = env.redis_url(ENV.redis_url)
LIMITS_KEY_PREFIX = f"{ENV.test_key_prefix}limit"
MEMORY_CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CACHES = {"default": REDIS_CACHE if ENV.redis_url else MEMORY_CACHE}

# --- tasks and mails ------------------------------------------------------------------------------

TASKS_REDIS_URL = env.redis_url(ENV.tasks_redis_url)
TASKS_NAMESPACE = f"{ENV.test_key_prefix}tasks"
WORKER_THREADS = ENV.worker_threads
STARTED_AT = datetime.now(UTC)  # inherited by the processes that gunicorn forks
KEEP_TASKS = timedelta(days=ENV.keep_tasks_days)
KEEP_PARKED_TASKS = timedelta(days=30)  # their arguments may hold an address
KEEP_EVENTS = timedelta(days=ENV.keep_events_days)

MAILERS = {"default": values.mailer(ENV.email_url.get_secret_value())}
DEFAULT_FROM_EMAIL = ENV.email_from or str(Address(PRODUCT_NAME, "noreply", "localhost"))
FRONTEND_URL = ENV.frontend_url
SERVES_LINK_PAGES = False  # where no frontend is, development leads mailed links to its own pages

# The admin's sessions: read from the cache, kept in the database.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"

# --- accounts and sessions ------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
PASSWORD_HASHERS = ["backend.users.passwords.Argon2idHasher"]
# Hashing is memory- and CPU-bound: more at once than cores only makes every login slower.
PASSWORD_HASHES_AT_ONCE = max(1, (os.cpu_count() or 1) // ENV.gunicorn_workers)
PASSWORD_HASH_WAIT_SECONDS = 5.0
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": ENV.password_min_length},
    },
    {"NAME": "backend.users.passwords.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "first_name", "last_name")},
    },
]

JWT_KEYS = {kid: key.get_secret_value() for kid, key in ENV.jwt_keys.items()}
JWT_ISSUER = "backend"
JWT_AUDIENCE = "backend-api"
JWT_LEEWAY_SECONDS = 2
ACCESS_TOKEN_LIFETIME = timedelta(seconds=ENV.access_token_seconds)
REFRESH_TOKEN_LIFETIME = timedelta(seconds=ENV.refresh_token_seconds)
SESSION_LIFETIME = timedelta(seconds=ENV.session_seconds)
REFRESH_RACE_WINDOW = timedelta(seconds=10)
# How long a mailed link works, by its purpose.
LINK_LIFETIMES = {
    "verify_email": timedelta(days=3),
    "change_email": timedelta(days=1),
    "reset_password": timedelta(hours=1),
    "not_me": timedelta(days=7),
}
# Everything the library could otherwise take from the environment by these names.
NINJA_JWT = {
    "ALGORITHM": "HS256",
    "TOKEN_TYPE_CLAIM": "token_type",
    "JTI_CLAIM": "jti",
    "USER_ID_CLAIM": "sub",
    "LEEWAY": JWT_LEEWAY_SECONDS,
    "SIGNING_KEY": "unused: backend.authentication.tokens holds the key ring",
}

# --- HTTP -----------------------------------------------------------------------------------------

DEV_HOST, DEV_PORT = ENV.dev_host, ENV.dev_port
API_DOCS = ENV.api_docs
RATE_LIMITS = ENV.rate_limits
MAX_BODY_BYTES = ENV.max_body_bytes
DRAIN_SECONDS = ENV.drain_seconds
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
SECURE_PROXY_SSL_HEADER = None  # core.client believes X-Forwarded-Proto from TRUSTED_PROXIES only
USE_X_FORWARDED_HOST = False
SECURE_HSTS_SECONDS = 31_536_000
X_FRAME_OPTIONS = "DENY"
CORS_ALLOW_HEADERS = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "X-Request-ID",
    "ETag",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Idempotent-Replayed",
    "Deprecation",
    "Sunset",
    "Link",
]
CORS_URLS_REGEX = r"^/api/"

# --- logs, metrics, errors ------------------------------------------------------------------------

SLOW_REQUEST_MS = ENV.slow_request_ms
METRICS_TOKEN = ENV.metrics_token.get_secret_value()
WORKER_METRICS = (ENV.prod_host, ENV.worker_metrics_port)  # where a worker answers; port 0: not
SENTRY_DSN = ENV.sentry_dsn.get_secret_value()
SENTRY_ENVIRONMENT = ENV.sentry_environment
if SENTRY_DSN:
    MIDDLEWARE.insert(1, "backend.core.telemetry.error_tracking.RequestMiddleware")
LOGGING_CONFIG = "backend.core.telemetry.log.configure"
LOGGING: dict[str, Any] = {
    "level": ENV.log_level or "INFO",
    "json": True,
    "secrets": ENV.secrets,
}
