"""People of the admin site."""

import pytest
from django.contrib.auth.models import Permission

from backend.users.models import User
from tests.accounts import PASSWORD, Account
from tests.staff import user_of

NEW = "another horse battery 9"
LIST = "/admin/users/user/"
WRONG = "wrong horse battery 9"
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@pytest.fixture
def boss(db: None) -> User:
    """A superuser."""
    return User.objects.create_superuser("boss@example.com", PASSWORD)


@pytest.fixture
def clerk(db: None) -> User:
    """Staff with every permission on users, and none beyond."""
    user = User.objects.create_user("clerk@example.com", PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="users"))
    return user


@pytest.fixture
def ada(account: Account) -> User:
    """Somebody who is logged in to the API."""
    return user_of(account)
