"""The fixtures; docs/testing.md shows each of them at work."""

# ruff: noqa: ARG001  (a fixture asks for the database by naming it)

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import Settings

from backend.testing import callers, limits, races
from backend.testing.callers import Caller, MakeUser, SignIn
from backend.testing.client import ApiClient, InProcess
from backend.testing.limits import Limits
from backend.testing.mails import Mails
from backend.testing.queries import Budget, QueryBudget
from backend.testing.races import Race
from backend.testing.tasks import Tasks


@pytest.fixture
def client() -> ApiClient:
    """An anonymous caller, in process; every answer is held against the OpenAPI document."""
    return InProcess()


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """Makes further users: ``make_user(first_name="Ada")``, a row."""
    return callers.make_user


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """Makes further callers: ``sign_in(email="ada@example.com")``, a new user each time."""
    return callers.sign_in


@pytest.fixture
def as_user(db: None) -> Caller:
    """A signed-in user without rights beyond their own; the same person throughout a test."""
    return callers.sign_in()


@pytest.fixture
def as_staff(db: None) -> Caller:
    """Signed-in staff without a permission; ``as_staff.permit("users.view_user")`` gives some."""
    return callers.sign_in(is_staff=True)


@pytest.fixture
def as_superuser(db: None) -> Caller:
    """A signed-in superuser."""
    return callers.sign_in(is_staff=True, is_superuser=True)


@pytest.fixture
def mails(db: None) -> Mails:
    """What has been mailed in this test; whoever looks has the waiting tasks run first."""
    return Mails()


@pytest.fixture
def tasks(db: None) -> Tasks:
    """What has been enqueued in this test, and running it."""
    return Tasks()


@pytest.fixture
def query_budget(db: None) -> QueryBudget:
    """Bounds what a block costs: at most, ``query_budget(3)``, or ``query_budget(exactly=3)``."""
    return Budget


@pytest.fixture
def race(transactional_db: None) -> Race:
    """Runs functions at the same moment: ``race(function, times=20)``. Needs PostgreSQL."""
    if connection.vendor != "postgresql":
        pytest.skip("a race needs PostgreSQL: SQLite lets one connection write at a time")
    return races.race


@pytest.fixture(name="limits")
def fresh_limits(settings: Settings) -> Iterator[Limits]:
    """Rate limits to set, counted from zero; without it none is in force."""
    with limits.fresh(settings) as fresh:
        yield fresh
