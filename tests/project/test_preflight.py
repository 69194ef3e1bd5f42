"""``just preflight``: every fault by name, and the value of none."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from project import preflight
from project.env import Environment
from project.preflight import Fault
from tests.processes import free_port
from tests.project.commands import CLEAN
from tests.service import ROOT, Service
from tests.service_databases import own_database

KEY = "planted-kq9wLr8Tn2Vx5Yc7Bm4Hj6Gf1Ds0PoIuYtReWqLkJhGfDsAzXc"
GOOD = {
    "SECRET_KEY": KEY,
    "JWT_KEYS": f"2026-11:{KEY[::-1]}",
    "ALLOWED_HOSTS": "api.example.com",
    "CORS_ALLOWED_ORIGINS": "https://app.example.com",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "DB_HOST": "db.example.com",
    "DB_PASSWORD": "planted-password",
    "REDIS_URL": "redis://:planted-redis@cache.example.com/0",
    "EMAIL_URL": "smtp://u:planted-mail@mail.example.com",
    "FRONTEND_URL": "https://app.example.com",
}
type Judge = Callable[[Environment], Iterator[Fault]]
JUDGES: list[Judge] = [
    preflight.identity,
    preflight.boundaries,
    preflight.servers,
    preflight.mails,
]
# One change to a good environment, and the variables it makes faulty.
CHANGES: dict[str, tuple[dict[str, str], set[str]]] = {
    "nothing": ({}, set()),
    "DEBUG": ({"DEBUG": "true"}, {"DEBUG"}),
    "no key": ({"SECRET_KEY": ""}, {"SECRET_KEY"}),
    "a short key": ({"SECRET_KEY": KEY[:49]}, {"SECRET_KEY"}),
    "Django's own key": ({"SECRET_KEY": f"django-insecure-{KEY}"}, {"SECRET_KEY"}),
    "a monotonous key": ({"SECRET_KEY": "abcd" * 20}, {"SECRET_KEY"}),
    "no signing key": ({"JWT_KEYS": ""}, {"JWT_KEYS"}),
    "a short signing key": ({"JWT_KEYS": f"a:{KEY},b:{KEY[:31]}"}, {"JWT_KEYS"}),
    "one key for both": ({"JWT_KEYS": f"a:{KEY}"}, {"JWT_KEYS"}),
    "no host": ({"ALLOWED_HOSTS": ""}, {"ALLOWED_HOSTS"}),
    "every host": ({"ALLOWED_HOSTS": "a.example,*"}, {"ALLOWED_HOSTS"}),
    "every origin": ({"CORS_ALLOWED_ORIGINS": "*"}, {"CORS_ALLOWED_ORIGINS"}),
    "an origin without scheme": ({"CORS_ALLOWED_ORIGINS": "a.example"}, {"CORS_ALLOWED_ORIGINS"}),
    "no origin": ({"CORS_ALLOWED_ORIGINS": ""}, set()),
    "every proxy": ({"TRUSTED_PROXIES": "10.0.0.0/8,0.0.0.0/0"}, {"TRUSTED_PROXIES"}),
    "every proxy of IPv6": ({"TRUSTED_PROXIES": "::/0"}, {"TRUSTED_PROXIES"}),
    "every proxy in halves": ({"TRUSTED_PROXIES": "0.0.0.0/1,128.0.0.0/1"}, {"TRUSTED_PROXIES"}),
    "every proxy of IPv6 in halves": ({"TRUSTED_PROXIES": "::/1,8000::/1"}, {"TRUSTED_PROXIES"}),
    "no database": ({"DB_HOST": ""}, {"DB_HOST"}),
    "no password": ({"DB_PASSWORD": ""}, {"DB_PASSWORD"}),
    "no Redis": ({"REDIS_URL": ""}, {"REDIS_URL"}),
    "one Redis database": (
        {"TASKS_REDIS_URL": "redis://other:x@CACHE.example.com:6379"},
        {"TASKS_REDIS_URL"},
    ),
    "one Redis database by two names": (
        {"REDIS_URL": "redis://localhost/1", "TASKS_REDIS_URL": "redis://127.0.0.1:6379?db=1"},
        {"TASKS_REDIS_URL"},
    ),
    "a Redis database that tasks would share": (
        {"REDIS_URL": "redis://cache.example.com?db=3"},
        {"TASKS_REDIS_URL"},
    ),
    "another Redis": ({"TASKS_REDIS_URL": "redis://tasks.example.com/0"}, set()),
    "the terminal": ({"EMAIL_URL": "console:"}, {"EMAIL_URL"}),
    "a folder": ({"EMAIL_URL": "file:///var/mails"}, set()),
    "no frontend": ({"FRONTEND_URL": ""}, {"FRONTEND_URL"}),
    "a plain frontend": ({"FRONTEND_URL": "http://app.example.com"}, {"FRONTEND_URL"}),
}


def run(**variables: str) -> subprocess.CompletedProcess[str]:
    """The preflight of an environment, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "project.preflight"],
        cwd=ROOT,
        env={**CLEAN, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def named(ended: subprocess.CompletedProcess[str]) -> set[str]:
    return {line.partition(":")[0] for line in ended.stdout.splitlines()}


class TestJudges:
    @pytest.mark.parametrize(("changes", "faulty"), CHANGES.values(), ids=CHANGES)
    def test_name_what_is_wrong_and_nothing_else(
        self, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], faulty: set[str]
    ) -> None:
        for name in Environment.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in {**GOOD, **changes}.items():
            monkeypatch.setenv(name, value)
        environment = Environment(_env_file=None)
        faults = [fault for judge in JUDGES for fault in judge(environment)]
        assert {fault.variable for fault in faults} == faulty
        assert "planted" not in str(faults)


class TestPreflight:
    def test_lists_everything_at_once_that_an_empty_environment_lacks(self) -> None:
        ended = run()
        assert ended.returncode == 1
        assert named(ended) >= {
            *("SECRET_KEY", "JWT_KEYS", "DB_HOST", "DB_PASSWORD"),
            *("REDIS_URL", "EMAIL_URL", "FRONTEND_URL"),
        }

    def test_takes_an_empty_key_for_none(self) -> None:
        ended = run(**{**GOOD, "SECRET_KEY": "", "FRONTEND_URL": "", "DB_PORT": free_port()})
        assert ended.returncode == 1
        assert named(ended) >= {"SECRET_KEY", "FRONTEND_URL", "DB_HOST"}
        assert ended.stderr == ""

    def test_names_what_cannot_be_read_beside_what_is_wrong_and_the_database_that_is_away(
        self,
    ) -> None:
        changes = {
            "DEV_PORT": "planted-port",
            "GUNICORN_WORKERS": "planted",
            "DEBUG": "true",
            "CORS_ALLOWED_ORIGINS": "planted.example.com",
            "DB_HOST": "127.0.0.1",
            "DB_PORT": free_port(),
        }
        ended = run(**{**GOOD, **changes})
        assert ended.returncode == 1
        assert named(ended) == {
            *("DEV_PORT", "GUNICORN_WORKERS", "DEBUG", "CORS_ALLOWED_ORIGINS", "DB_HOST"),
        }
        assert "planted" not in ended.stdout + ended.stderr
        assert ended.stderr == ""


@pytest.mark.postgresql
class TestPreflightOfADatabase:
    @contextmanager
    def database(self) -> Iterator[dict[str, str]]:
        """A good environment, on a database of its own."""
        with own_database() as variables:
            yield {**GOOD, **variables, "DB_PASSWORD": variables["DB_PASSWORD"] or "any"}

    def test_wants_migrations_and_no_demo_users(self) -> None:
        with self.database() as variables:
            ended = run(**variables)
            assert (ended.returncode, named(ended)) == (1, {"migrations"})
            Service.command({**CLEAN, **variables}, "migrate", "--verbosity", "0")
            ended = run(**variables)
            assert (ended.returncode, ended.stdout) == (0, "Ready for production.\n")
            assert ended.stderr == ""
            seed = {**CLEAN, **variables, "DEBUG": "true"}
            Service.command(seed, "seed", "--users", "0", "--admin")
            ended = run(**variables)
            assert (ended.returncode, named(ended)) == (1, {"demo users"})

    def test_wants_no_more_connections_than_there_are(self) -> None:
        with self.database() as variables:
            ended = run(**variables, GUNICORN_WORKERS="64", GUNICORN_THREADS="64")
            assert "GUNICORN_WORKERS" in named(ended)
