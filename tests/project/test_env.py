from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import SecretStr

from project import env
from project.env import Environment
from tests.project.commands import python

type Load = Callable[..., Environment]

# For each variable: a text that is accepted and what it means, and a text that is not.
PARSED: dict[str, tuple[str, Any]] = {
    "SECRET_KEY": ("s3cret", SecretStr("s3cret")),
    "JWT_KEYS": ("b:two, a:o:ne", {"b": SecretStr("two"), "a": SecretStr("o:ne")}),
    "DEBUG": ("true", True),
    "ALLOWED_HOSTS": (" a.example,b.example ,, ", ["a.example", "b.example"]),
    "CORS_ALLOWED_ORIGINS": ("https://a,https://b", ["https://a", "https://b"]),
    "TRUSTED_PROXIES": (
        "10.0.0.0/8, 192.0.2.1,2001:db8::/32",
        [ip_network("10.0.0.0/8"), ip_network("192.0.2.1/32"), ip_network("2001:db8::/32")],
    ),
    "DB_HOST": ("db", "db"),
    "DB_PORT": ("6543", 6543),
    "DB_NAME": ("name", "name"),
    "DB_USER": ("user", "user"),
    "DB_PASSWORD": ("p,a:s s", SecretStr("p,a:s s")),
    "DB_PGBOUNCER": ("true", True),
    "REDIS_URL": ("redis://:x@r:1/2", SecretStr("redis://:x@r:1/2")),
    "TASKS_REDIS_URL": ("rediss://r/9", SecretStr("rediss://r/9")),
    "EMAIL_URL": ("smtps://u:p%40@h", SecretStr("smtps://u:p%40@h")),
    "EMAIL_FROM": ("Ada <ada@example.com>", "Ada <ada@example.com>"),
    "FRONTEND_URL": ("https://www.example.com/", "https://www.example.com"),
    "PRODUCT_NAME": ("Notes", "Notes"),
    "WORKER_THREADS": ("4", 4),
    "KEEP_TASKS_DAYS": ("1", 1),
    "KEEP_EVENTS_DAYS": ("2", 2),
    "ACCESS_TOKEN_SECONDS": ("60", 60),
    "REFRESH_TOKEN_SECONDS": ("61", 61),
    "SESSION_SECONDS": ("62", 62),
    "PASSWORD_MIN_LENGTH": ("12", 12),
    "DEV_HOST": ("::1", "::1"),
    "DEV_PORT": ("8001", 8001),
    "PROD_HOST": ("127.0.0.1", "127.0.0.1"),
    "PROD_PORT": ("8002", 8002),
    "GUNICORN_WORKERS": ("2", 2),
    "GUNICORN_THREADS": ("3", 3),
    "GUNICORN_TIMEOUT": ("31", 31),
    "GUNICORN_MAX_REQUESTS": ("5", 5),
    "MAX_BODY_BYTES": ("6", 6),
    "DRAIN_SECONDS": ("1.5", 1.5),
    "RATE_LIMIT_LOGIN_FAILURES": ("4/2min", (4, 120)),
    "RATE_LIMIT_LOGIN": ("9/s", (9, 1)),
    "RATE_LIMIT_REGISTER": ("", None),
    "RATE_LIMIT_MAIL": ("2/2h", (2, 7200)),
    "RATE_LIMIT_DEFAULT": ("8/h", (8, 3600)),
    "LOG_LEVEL": ("debug", "DEBUG"),
    "SLOW_REQUEST_MS": ("7", 7),
    "METRICS_TOKEN": ("0123456789.~+/=-", SecretStr("0123456789.~+/=-")),
    "WORKER_METRICS_PORT": ("9100", 9100),
    "SENTRY_DSN": ("https://k@h.example:1/a/2", SecretStr("https://k@h.example:1/a/2")),
    "SENTRY_ENVIRONMENT": ("staging", "staging"),
    "API_DOCS": ("false", False),
    "TEST_DB_NAME": ("t", "t"),
    "TEST_KEY_PREFIX": ("k:", "k:"),
}
WRONG = {
    "JWT_KEYS": "planted-without-kid",
    "DEBUG": "planted",
    "TRUSTED_PROXIES": "10.0.0.0/8,planted",
    "DB_PORT": "70000",
    "DB_PGBOUNCER": "planted",
    "REDIS_URL": "http://planted:planted@redis",
    "TASKS_REDIS_URL": "planted",
    "EMAIL_URL": "smtp://u:planted#x@h",
    "EMAIL_FROM": "planted",
    "FRONTEND_URL": "https://planted:port",
    "PRODUCT_NAME": "two\nlines planted",
    "WORKER_THREADS": "0",
    "KEEP_TASKS_DAYS": "planted",
    "KEEP_EVENTS_DAYS": "0",
    "ACCESS_TOKEN_SECONDS": "0",
    "REFRESH_TOKEN_SECONDS": "-1",
    "SESSION_SECONDS": "planted",
    "PASSWORD_MIN_LENGTH": "7",
    "DEV_PORT": "0",
    "PROD_PORT": "65536",
    "GUNICORN_WORKERS": "planted",
    "GUNICORN_THREADS": "0",
    "GUNICORN_TIMEOUT": "1.5",
    "GUNICORN_MAX_REQUESTS": "0",
    "MAX_BODY_BYTES": "1 MiB planted",
    "DRAIN_SECONDS": "21",
    "RATE_LIMIT_LOGIN_FAILURES": "planted",
    "RATE_LIMIT_LOGIN": "20",
    "RATE_LIMIT_REGISTER": "0/h",
    "RATE_LIMIT_MAIL": "3/year",
    "RATE_LIMIT_DEFAULT": "1/planted",
    "LOG_LEVEL": "planted",
    "SLOW_REQUEST_MS": "0",
    "METRICS_TOKEN": "planted too short",
    "WORKER_METRICS_PORT": "65536",
    "SENTRY_DSN": "https://planted/1",
    "API_DOCS": "planted",
}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Read an environment of these variables, and no others."""
    for name in Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    # The tests' own settings read no .env at all; a developer's is none of their business.
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    monkeypatch.setattr(env, "Environment", partial(Environment, _env_file=tmp_path / ".env"))

    def read(**variables: str) -> Environment:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return env.load.__wrapped__()

    return read


class TestEnvironment:
    def test_has_a_case_here_for_every_field(self) -> None:
        fields = {name.upper() for name in Environment.model_fields}
        assert fields - PARSED.keys() == set()

    @pytest.mark.parametrize("name", PARSED)
    def test_reads(self, load: Load, name: str) -> None:
        text, meaning = PARSED[name]
        assert getattr(load(**{name: text}), name.lower()) == meaning

    @pytest.mark.parametrize("name", WRONG)
    def test_refuses_a_wrong(self, load: Load, name: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=rf"(?m)^  {name}: "):
            load(**{name: WRONG[name]})

    def test_names_every_wrong_variable_at_once_and_prints_no_value(self, load: Load) -> None:
        with pytest.raises(ImproperlyConfigured) as refused:
            load(**WRONG, SECRET_KEY="planted")
        text = str(refused.value)
        named = {line.strip().partition(":")[0] for line in text.splitlines()[1:]}
        assert named == set(WRONG)
        assert "planted" not in text
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__

    def test_needs_no_variable(self, load: Load) -> None:
        loaded = load()
        assert loaded.db_host == ""
        assert (loaded.redis_url, loaded.tasks_redis_url) == (None, None)
        assert (loaded.access_token_seconds, loaded.refresh_token_seconds) == (900, 604_800)
        assert (loaded.session_seconds, loaded.max_body_bytes) == (2_592_000, 1_048_576)
        assert (loaded.dev_host, loaded.dev_port) == ("127.0.0.1", 8000)
        assert (loaded.prod_host, loaded.prod_port) == ("0.0.0.0", 8000)
        assert loaded.allowed_hosts == ["localhost"]
        assert loaded.cors_allowed_origins == ["http://localhost:3000"]
        assert loaded.trusted_proxies == []
        assert loaded.api_docs is True

    def test_takes_an_empty_text_for_nothing(self, load: Load) -> None:
        loaded = load(DEBUG="", REDIS_URL="", TASKS_REDIS_URL="", ALLOWED_HOSTS="", JWT_KEYS="")
        assert (loaded.debug, loaded.redis_url, loaded.tasks_redis_url) == (None, None, None)
        assert (loaded.allowed_hosts, loaded.jwt_keys) == ([], {})

    def test_ignores_what_it_does_not_know(self, load: Load) -> None:
        load(SOMETHING_ELSE="x")

    def test_shows_no_secret(self, load: Load) -> None:
        loaded = load(SECRET_KEY="planted", JWT_KEYS="a:planted", DB_PASSWORD="planted")
        assert "planted" not in f"{loaded} {loaded!r}"


class TestDotEnv:
    def test_is_read(self, load: Load, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("DB_NAME=from_the_file\nDEBUG=true\nUNKNOWN=1\n")
        assert load().db_name == "from_the_file"

    def test_gives_way_to_the_environment(self, load: Load, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("DB_NAME=from_the_file\nDB_USER=from_the_file\n")
        loaded = load(DB_NAME="from_the_environment")
        assert (loaded.db_name, loaded.db_user) == ("from_the_environment", "from_the_file")

    def test_is_not_read_by_the_tests(
        self, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "project.settings.testing")
        (tmp_path / ".env").write_text("DB_NAME=from_the_file\n")
        assert load().db_name == "backend_db"

    def test_stands_in_the_project_root(self, tree: Path) -> None:
        (tree / ".env").write_text("DB_NAME=from_the_file\n")
        ended = python("-c", "from project import env; print(env.load().db_name)", folder=tree)
        assert ended.stdout == "from_the_file\n", ended.stderr

    def test_is_no_place_for_leaks_either(self, load: Load, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("JWT_KEYS=planted\nDB_PORT=planted\n")
        with pytest.raises(ImproperlyConfigured) as refused:
            load()
        assert "JWT_KEYS" in str(refused.value)
        assert "DB_PORT" in str(refused.value)
        assert "planted" not in str(refused.value)


class TestKeys:
    def test_keep_their_order(self, load: Load) -> None:
        assert [*load(JWT_KEYS="c:1,a:2,b:3").jwt_keys] == ["c", "a", "b"]

    @pytest.mark.parametrize("text", ["key", ":key", "kid:", "a:1,key", "a:1,a:2"])
    def test_are_refused_without_kid_and_key(self, load: Load, text: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="JWT_KEYS"):
            load(JWT_KEYS=text)


class TestTasksRedisUrl:
    @pytest.mark.parametrize(
        ("url", "tasks"),
        [
            ("redis://h:1/0", "redis://h:1/1"),
            ("redis://h:1", "redis://h:1/1"),
            ("redis://h:1/", "redis://h:1/1"),
            ("redis://:p%40w@h/4", "redis://:p%40w@h/5"),
            ("rediss://h/15?ssl_cert_reqs=none", "rediss://h/16?ssl_cert_reqs=none"),
        ],
    )
    def test_is_the_next_database(self, load: Load, url: str, tasks: str) -> None:
        assert env.redis_url(load(REDIS_URL=url).tasks_redis_url) == tasks

    def test_may_be_said(self, load: Load) -> None:
        loaded = load(REDIS_URL="redis://h/0", TASKS_REDIS_URL="redis://other/3")
        assert env.redis_url(loaded.tasks_redis_url) == "redis://other/3"

    def test_is_none_without_a_cache(self, load: Load) -> None:
        assert env.redis_url(load().tasks_redis_url) == ""


class TestIsDevelopment:
    @pytest.mark.parametrize(
        ("variables", "expected"),
        [
            ({}, True),
            ({"DEBUG": "true"}, True),
            ({"DEBUG": "true", "SECRET_KEY": "x", "DB_HOST": "db"}, True),
            ({"DEBUG": "false"}, False),
            ({"DEBUG": ""}, True),
            ({"SECRET_KEY": "x"}, False),
            ({"DB_HOST": "db"}, False),
        ],
    )
    def test_follows_debug_and_what_is_configured(
        self, load: Load, variables: dict[str, str], expected: bool
    ) -> None:
        assert load(**variables).is_development is expected


class TestSecrets:
    def test_are_all_there_for_the_redactor(self, load: Load) -> None:
        loaded = load(
            SECRET_KEY="one",
            JWT_KEYS="a:two,b:three",
            DB_PASSWORD="four",
            REDIS_URL="redis://:five@h/0",
            TASKS_REDIS_URL="redis://u:six@h/1",
            METRICS_TOKEN="seventh-of-secrets",
            SENTRY_DSN="https://eight@h/1",
        )
        assert set(loaded.secrets) >= {"one", "two", "three", "four", "five", "six"}
        assert set(loaded.secrets) >= {"seventh-of-secrets", "eight", "https://eight@h/1"}

    def test_are_none_where_none_is_set(self, load: Load) -> None:
        assert load().secrets == []

    def test_of_production_are_all_named_when_missing(self) -> None:
        env.require(SECRET_KEY="x", JWT_KEYS={"a": "b"})
        with pytest.raises(ImproperlyConfigured) as refused:
            env.require(SECRET_KEY="", JWT_KEYS={}, DB_HOST="planted")
        assert "SECRET_KEY: must be set" in str(refused.value)
        assert "JWT_KEYS: must be set" in str(refused.value)
        assert "DB_HOST" not in str(refused.value)
        assert "planted" not in str(refused.value)
