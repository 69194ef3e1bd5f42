"""People with rights for the tests."""

from django.contrib.auth.models import Group, Permission
from model_bakery import baker

from backend.users.models import User
from tests.accounts import Account

VIEW, CHANGE = "users.view_user", "users.change_user"


def user_of(account: Account) -> User:
    """The row behind an account, as it is now."""
    return User.objects.get(email=account.email)


def permit(account: Account, *permissions: str, through_a_group: bool = False) -> Account:
    """Make somebody staff, with these permissions (``app.codename``)."""
    user = user_of(account)
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    rows = [
        Permission.objects.get(content_type__app_label=app, codename=codename)
        for app, _, codename in (name.partition(".") for name in permissions)
    ]
    if through_a_group:
        group: Group = baker.make(Group)
        group.permissions.set(rows)
        user.groups.add(group)
    else:
        user.user_permissions.add(*rows)
    return account


def promote(account: Account) -> Account:
    """Make somebody a superuser."""
    User.objects.filter(email=account.email).update(is_staff=True, is_superuser=True)
    return account
