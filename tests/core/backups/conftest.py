"""A service with somebody in it, on a database of each kind, to be backed up and restored."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from backend.authentication import links
from backend.authentication.models import Purpose
from backend.testing import accounts, staff
from backend.testing.accounts import Account
from backend.testing.browser import browser
from backend.testing.client import InProcess
from tests.core.databases import Database, copy_of, in_use, postgresql, sqlite

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@dataclass
class World:
    """Ada, who is staff and signed in everywhere, in a database that is in use.

    Attributes:
        cookie: Of her session in the admin site.
        link: The token of one that was mailed to her and that she has not used.
    """

    database: Database
    ada: Account
    cookie: str
    link: str

    def rename(self, name: str) -> None:
        """Change what there is, behind everybody's back."""
        self.database.query(f"UPDATE users_user SET first_name = '{name}'")

    def names(self) -> list[str]:
        """Of everybody there is."""
        rows = self.database.query("SELECT first_name FROM users_user ORDER BY first_name")
        return [name for (name,) in rows]


@pytest.fixture(scope="session", params=[POSTGRESQL, "sqlite"])
def populated(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[World]:
    """The world that each test has a copy of."""
    empty = (
        postgresql()
        if request.param == "postgresql"
        else nullcontext(sqlite(tmp_path_factory.mktemp("world")))
    )
    with django_db_blocker.unblock(), empty as database:
        with in_use(database):
            world = _populate(database)
        yield world


@pytest.fixture
def world(populated: World, tmp_path: Path) -> Iterator[World]:
    """A copy of it, in use."""
    with copy_of(populated.database, tmp_path) as database, in_use(database):
        yield replace(populated, database=database, ada=replace(populated.ada))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where backups go."""
    return tmp_path / "backups"


def _populate(database: Database) -> World:
    call_command("migrate", verbosity=0)
    ada = staff.promote(accounts.signed_in(InProcess(), first_name="Ada"))
    user = staff.user_of(ada)
    link = links.issue(Purpose.RESET_PASSWORD, user, now=timezone.now())
    return World(database, ada, browser(user).cookies["sessionid"].value, links.token(link))
