"""People whom several tests know."""

import pytest
from django.contrib.auth.models import Permission

from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.callers import make_user
from backend.testing.client import ApiClient
from backend.testing.mails import Mails
from backend.testing.staff import VIEW, permit, user_of
from backend.users.models import User
from tests import people


@pytest.fixture
def clerk(db: None) -> User:
    """Staff with every permission on users, and none beyond."""
    user = make_user(email="clerk@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="users"))
    return user


@pytest.fixture
def ada(account: Account) -> User:
    """Somebody who is logged in to the API."""
    return user_of(account)


@pytest.fixture
def leaver(client: ApiClient, mails: Mails) -> Account:
    """Somebody who is signed in; their mails so far are read."""
    account = accounts.signed_in(client, email="ada@example.com", first_name="Ada")
    mails.empty()
    return account


@pytest.fixture
def staff(client: ApiClient) -> Account:
    """Staff who may view users, and whose own row no search of the tests finds."""
    return permit(people.signed_in(client, email="me@staff.invalid"), VIEW)
