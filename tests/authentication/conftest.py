"""Fixtures of the way in."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from backend.authentication import tokens
from backend.authentication.models import Session
from backend.testing.accounts import Account
from backend.testing.client import ApiClient, InProcess
from tests import people

type UseKeys = Callable[..., None]


@pytest.fixture
def session(account: Account) -> Session:
    """The row behind the account's login."""
    return Session.objects.get()


@pytest.fixture
def elsewhere() -> InProcess:
    """A caller from another address."""
    client = InProcess()
    client.django.defaults["REMOTE_ADDR"] = "192.0.2.7"
    return client


@pytest.fixture
def use_keys(settings: Settings) -> Iterator[UseKeys]:
    """Change the key ring to those of its keys that are named; the first signs."""
    ring = dict(settings.JWT_KEYS)

    def use(*kids: str) -> None:
        settings.JWT_KEYS = {kid: ring[kid] for kid in kids}
        tokens.key_ring.cache_clear()

    yield use
    tokens.key_ring.cache_clear()


@pytest.fixture
def ada(client: ApiClient, db: None) -> Account:
    """Somebody who is signed in."""
    return people.signed_in(client, email="ada@example.com")
