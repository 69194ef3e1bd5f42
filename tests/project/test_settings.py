import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

import project
from tests.project.commands import manage, python
from tests.service import ROOT

PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "".join(f"{number:03x}" for number in range(25)),
    "JWT_KEYS": "test:" + "0123456789abcdef" * 4,
    "ALLOWED_HOSTS": "api.example.com",
    "DB_HOST": "db.invalid",
    "DB_PASSWORD": "throw-away",
    "REDIS_URL": "redis://redis.invalid:6379/0",
}
TELL = """
import json, django
from project.env import choose_settings
choose_settings()
django.setup()
from django.conf import settings
names = ("SETTINGS_MODULE", "DEBUG", "ALLOWED_HOSTS", "TASKS_REDIS_URL", "SECRET_KEY", "JWT_KEYS")
print(json.dumps({name: getattr(settings, name) for name in names} | {
    "database": settings.DATABASES["default"]["ENGINE"],
    "atomic": settings.DATABASES["default"].get("ATOMIC_REQUESTS", False),
    "left_in_connections": [
        name for name in ("options", "prepare_threshold")
        if settings.DATABASES["default"].get("OPTIONS", {}).get(name) is not None
    ],
    "cache": settings.CACHES["default"]["BACKEND"],
    "log": settings.LOGGING["level"],
}, default=str))
"""


def told(tree: Path, **variables: str) -> dict[str, Any]:
    """What the settings are under an environment."""
    ended = python("-c", TELL, folder=tree, **variables)
    assert ended.returncode == 0, ended.stderr
    values: dict[str, Any] = json.loads(ended.stdout)
    return values


class TestDevelopment:
    def test_needs_no_variables(self, tree: Path) -> None:
        values = told(tree)
        assert values["SETTINGS_MODULE"] == "project.settings.development"
        assert values["DEBUG"] is True
        assert values["database"] == "django.db.backends.sqlite3"
        assert values["cache"].endswith("LocMemCache")
        assert {"localhost", "127.0.0.1"} <= set(values["ALLOWED_HOSTS"])
        assert len(values["SECRET_KEY"]) > 10
        assert len(*values["JWT_KEYS"].values()) >= 32
        assert values["log"] == "DEBUG"

    def test_passes_the_checks(self, tree: Path) -> None:
        ended = manage("check", "--fail-level", "WARNING", folder=tree)
        assert ended.returncode == 0, ended.stderr

    def test_is_chosen_by_debug(self, tree: Path) -> None:
        values = told(tree, **{**PRODUCTION, "DEBUG": "true"})
        assert values["SETTINGS_MODULE"] == "project.settings.development"
        assert values["database"] == "backend.core.postgresql"

    def test_gives_way_to_who_names_another(self, tree: Path) -> None:
        values = told(tree, **PRODUCTION, DJANGO_SETTINGS_MODULE="project.settings.development")
        assert values["SETTINGS_MODULE"] == "project.settings.development"


class TestPgBouncer:
    def test_has_nothing_left_in_its_connections(self, tree: Path) -> None:
        assert told(tree, **PRODUCTION)["left_in_connections"] == ["options", "prepare_threshold"]
        values = told(tree, **PRODUCTION, DB_PGBOUNCER="true")
        assert values["left_in_connections"] == []


class TestDevelopersCommand:
    """``start`` has its own tests; these two go the same way."""

    def test_is_for_development_whatever_else_is_set(self, tree: Path) -> None:
        ended = manage("seed", "--users", "2", folder=tree, SECRET_KEY="k" * 50)
        assert ended.returncode == 0, ended.stderr
        assert "2 users added" in ended.stdout

    def test_is_refused_where_debug_is_off(self, tree: Path) -> None:
        ended = manage(
            *("seed", "--users", "2"),
            folder=tree,
            DEBUG="false",
            SECRET_KEY="k" * 50,
            JWT_KEYS=f"k:{'j' * 40}",
        )
        assert ended.returncode == 1
        assert "only with DEBUG=true" in ended.stderr


class TestProduction:
    def test_is_what_its_variables_say(self, tree: Path) -> None:
        values = told(tree, **PRODUCTION)
        assert values["SETTINGS_MODULE"] == "project.settings.production"
        assert values["DEBUG"] is False
        assert values["ALLOWED_HOSTS"] == ["api.example.com"]
        assert values["TASKS_REDIS_URL"] == "redis://redis.invalid:6379/1"
        assert values["database"] == "backend.core.postgresql"
        assert values["cache"] == "django_redis.cache.RedisCache"
        assert values["atomic"] is False
        assert values["log"] == "INFO"

    @pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_KEYS"])
    def test_refuses_to_be_without(self, tree: Path, name: str) -> None:
        variables = {key: value for key, value in PRODUCTION.items() if key != name}
        ended = manage("check", folder=tree, **variables)
        assert ended.returncode == 1
        assert f"  {name}: must be set in production" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_refuses_a_bad_environment_as_a_whole(self, tree: Path) -> None:
        wrong = {"DB_PORT": "planted", "LOG_LEVEL": "planted", "JWT_KEYS": "planted"}
        ended = manage("check", folder=tree, **{**PRODUCTION, **wrong})
        assert ended.returncode == 1
        assert all(f"  {name}: " in ended.stderr for name in wrong)
        assert "planted" not in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_passes_the_deployment_checks(self, tree: Path) -> None:
        ended = manage("check", "--deploy", "--fail-level", "WARNING", folder=tree, **PRODUCTION)
        assert ended.returncode == 0, ended.stderr
        assert "no issues" in ended.stdout + ended.stderr

    @pytest.mark.parametrize("module", ["project.wsgi", "project.asgi"])
    def test_has_entry_points(self, tree: Path, module: str) -> None:
        ended = python("-c", f"import {module}; {module}.application", folder=tree, **PRODUCTION)
        assert ended.returncode == 0, ended.stderr


class TestEverySettings:
    def test_leaves_transactions_to_services(self) -> None:
        assert not settings.DATABASES["default"].get("ATOMIC_REQUESTS")

    def test_forgets_no_migration(self, tree: Path) -> None:
        ended = manage("makemigrations", "--check", "--dry-run", folder=tree)
        assert ended.returncode == 0, ended.stdout

    def test_believes_no_forwarded_host(self) -> None:
        assert settings.USE_X_FORWARDED_HOST is False
        assert settings.SECURE_PROXY_SSL_HEADER is None

    def test_has_no_token_blacklist(self) -> None:
        assert not any("ninja_jwt" in app for app in settings.INSTALLED_APPS)

    def test_is_only_differences(self) -> None:
        for name in ("development", "testing", "production"):
            lines = (ROOT / f"project/settings/{name}.py").read_text().splitlines()
            assert len(lines) <= 40


class TestVersion:
    def test_is_the_same_everywhere(self) -> None:
        declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        assert project.__version__ == settings.VERSION == declared


class TestShell:
    def test_reads_standard_input_with_the_models_imported(self, tree: Path) -> None:
        ended = manage("shell", folder=tree, stdin="print(User.__module__, Session.__module__)\n")
        assert ended.returncode == 0, ended.stderr
        assert "backend.users.models backend.authentication.models" in ended.stdout
