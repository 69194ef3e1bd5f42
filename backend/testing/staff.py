"""Rights for people: staff with permissions, and superusers."""

from django.contrib.auth.models import Group, Permission

from backend.testing.accounts import Account
from backend.users.models import User

VIEW, CHANGE = "users.view_user", "users.change_user"


def grant(user: User, *permissions: str, through_a_group: bool = False) -> None:
    """Make a user staff, with these permissions (``app.codename``) beside those they have."""
    rows = [
        Permission.objects.get(content_type__app_label=app, codename=codename)
        for app, _, codename in (name.partition(".") for name in permissions)
    ]
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    if through_a_group:
        group, _ = Group.objects.get_or_create(name=" ".join(permissions))
        group.permissions.set(rows)
        user.groups.add(group)
    else:
        user.user_permissions.add(*rows)


def user_of(account: Account) -> User:
    """The row behind an account, as it is now."""
    return User.objects.get(email=account.email)


def permit(account: Account, *permissions: str, through_a_group: bool = False) -> Account:
    """Make the owner of an account staff, with these permissions."""
    grant(user_of(account), *permissions, through_a_group=through_a_group)
    return account


def promote(account: Account) -> Account:
    """Make the owner of an account a superuser."""
    User.objects.filter(email=account.email).update(is_staff=True, is_superuser=True)
    return account
