"""Fixtures that every test may ask for by name."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache

from backend.core.telemetry import log
from backend.testing.accounts import Account
from backend.testing.callers import make_user
from backend.testing.client import ApiClient
from backend.users.models import User
from tests import people
from tests.servers import redis_client, remove_keys
from tests.service import ROOT, Service, running

# As the suite was started: tests change their environment.
REDIS_URL = os.environ.get("REDIS_URL", "")
REDIS = redis_client(REDIS_URL) if REDIS_URL else None  # one for all tests: to make it costs most
KEY_PREFIX = os.environ.get("TEST_KEY_PREFIX", "")

type Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Nothing counted in one test is left for the next; the key prefix makes this ours alone."""
    yield
    if REDIS is None:
        cache.clear()
        return
    with suppress(redis.RedisError):
        remove_keys(REDIS, KEY_PREFIX)


@pytest.fixture
def boss(db: None) -> User:
    """A superuser, who signs in to the admin site."""
    return make_user(email="boss@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def account(client: ApiClient, db: None) -> Account:
    """Somebody who is signed in."""
    return people.signed_in(client)


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """A running service: two gunicorn workers on a database of their own."""
    with running() as started:
        yield started


@pytest.fixture
def log_lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """The log as production writes it, everything in it; what it said since it was last read."""
    log.configure({"level": "DEBUG", "json": True, "secrets": ["configured-secret"]})
    capsys.readouterr()

    def read() -> list[dict[str, Any]]:
        written = capsys.readouterr()
        assert written.err == ""
        return [json.loads(line) for line in written.out.split("\n")[:-1]]

    yield read
    log.configure(settings.LOGGING)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project without a developer's ``.env`` and database; commands may write."""
    for name in ("backend", "project"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    return tmp_path
