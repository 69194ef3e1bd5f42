"""People who meet limits."""

import pytest

from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient, InProcess
from tests.core.limits.limited import from_address


@pytest.fixture
def elsewhere() -> InProcess:
    """A caller from another address."""
    return from_address("192.0.2.7")


@pytest.fixture
def ada(client: ApiClient) -> Account:
    """Somebody who has registered and not logged in."""
    return accounts.register(client, email="ada@example.com")
