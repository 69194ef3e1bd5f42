"""What can be done with users."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from backend.users import emails, passwords
from backend.users.errors import AccountGone, EmailTaken
from backend.users.models import User


def create_user(*, email: str, password: str, first_name: str = "", last_name: str = "") -> User:
    """Create an account.

    Raises:
        EmailInvalid: the address is none.
        EmailTaken: the address has an account, in whatever spelling.
        ValidationFailed: the password is not good enough.
        TooBusyToHash: too many passwords at once.
    """
    user = User(email=emails.canonical(email), first_name=first_name, last_name=last_name)
    passwords.require_good(password, field="password", user=user)
    user.password = passwords.hash_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise EmailTaken from error
    return user


def update_profile(user: User, **changes: Any) -> User:
    """Change first or last name, as far as given.

    Raises:
        AccountGone: the user was deleted meanwhile.
    """
    if changes:
        for field, value in changes.items():
            setattr(user, field, value)
        try:
            user.save(update_fields=[*changes, "updated_at"])
        except User.NotUpdated as error:
            raise AccountGone from error
    return user


def end_all_sessions(user: User) -> None:
    """End every session of a user, this moment."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
