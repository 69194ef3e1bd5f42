"""What can be done with users."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from backend.audit import events as audit
from backend.audit.events import Event
from backend.core.errors import NotFound, PermissionDenied
from backend.users import emails, passwords
from backend.users.errors import AccountGone, EmailTaken
from backend.users.models import User, UserQuerySet


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
    try:
        return _save(user, changes)
    except User.NotUpdated as error:
        raise AccountGone from error


def list_users(
    *, search: str = "", is_active: bool | None = None, is_staff: bool | None = None
) -> UserQuerySet:
    """Users of these rights whose address or name contains ``search``."""
    return UserQuerySet(User).matching(search=search, is_active=is_active, is_staff=is_staff)


def get_visible(user_id: UUID, *, to: User, all_users: bool) -> User:
    """A user that somebody may see: themselves, or anybody.

    Raises:
        NotFound: there is none, or none that ``to`` may know of.
    """
    if user_id == to.pk:
        return to
    if not all_users:
        raise NotFound
    return _get(user_id)


def update_user(user_id: UUID, *, by: User, **changes: Any) -> User:
    """Change a user's names or rights. Disabling ends every session of the user at once.

    Raises:
        NotFound: there is no such user.
        PermissionDenied: ``by`` is no superuser, and it is about staff rights or a superuser.
    """
    user = _get(user_id)
    if not by.is_superuser and (user.is_superuser or "is_staff" in changes):
        raise PermissionDenied
    try:
        _save(user, changes)
    except User.NotUpdated as error:
        raise NotFound from error
    audit.record(Event.USER_CHANGED, user_id=user.pk, actor_id=by.pk)
    return user


def _save(user: User, changes: dict[str, Any]) -> User:
    for field, value in changes.items():
        setattr(user, field, value)
    if changes:
        user.save(update_fields=[*changes, "updated_at"])
    return user


def _get(user_id: UUID) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def end_all_sessions(user: User) -> None:
    """End every session of a user, this moment."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    audit.record(Event.ALL_SESSIONS_ENDED, user_id=user.pk)
