"""What can be done with users."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from backend.audit import events as audit
from backend.audit.events import Event
from backend.core.errors import NotFound, PermissionDenied
from backend.core.etags import ANY, Precondition
from backend.core.http.client import NOBODY, Client
from backend.core.limits import throttling
from backend.tasks.outbox import enqueue
from backend.users import emails, erasure, passwords, queries
from backend.users.errors import AccountGone, CurrentPasswordWrong, EmailTaken, SessionsEnded
from backend.users.models import User, UserQuerySet
from backend.users.tasks import say_goodbye


def new_user(*, email: str, password: str, first_name: str = "", last_name: str = "") -> User:
    """An account in order, its password hashed, that ``add_user`` can save.

    Raises:
        EmailInvalid: the address is none.
        ValidationFailed: the password is not good enough.
        TooBusyToHash: too many passwords at once.
    """
    user = User(email=emails.canonical(email), first_name=first_name, last_name=last_name)
    passwords.require_good(password, field="password", user=user)
    user.password = passwords.hash_password(password)
    return user


def add_user(user: User) -> None:
    """Save a new account, in the transaction under way, which has to end.

    Raises:
        EmailTaken: the address has an account, in whatever spelling.
    """
    try:
        user.save(force_insert=True)
    except IntegrityError as error:
        raise EmailTaken from error
    audit.record(Event.REGISTERED, user_id=user.pk)


def update_profile(user: User, *, precondition: Precondition = ANY, **changes: Any) -> User:
    """Change first or last name, as far as given.

    Raises:
        AccountGone: the user was deleted meanwhile.
        PreconditionFailed: it is another version by now.
    """
    with transaction.atomic():
        held = _held_or_gone(user.pk)
        precondition.require(held.version)
        return _save(held, changes)


def list_users(*, search: str = "", **rights: bool) -> queries.Listed:
    """What staff see of users with these rights, whose address or name contains ``search``."""
    if search:
        return queries.listed(search=search, **rights)
    return queries.LISTING.where(**rights)


def get_visible(user_id: UUID, *, to: User, all_users: bool) -> User:
    """A user that somebody may see: themselves, or anybody.

    Raises:
        NotFound: there is none, or none that ``to`` may know of.
    """
    if user_id == to.pk:
        return to
    user = UserQuerySet(User).existing().filter(pk=user_id).first() if all_users else None
    if user is None:
        raise NotFound
    return user


def update_user(
    user_id: UUID, *, by: User, precondition: Precondition = ANY, **changes: Any
) -> User:
    """Change a user's names or rights. Disabling ends every session of the user at once.

    Raises:
        NotFound: there is no such user.
        PermissionDenied: ``by`` is no superuser, and it is about staff rights or a superuser.
        PreconditionFailed: it is another version by now.
    """
    with transaction.atomic():
        user = _hold(user_id)
        if user is None:
            raise NotFound
        if not by.is_superuser and (user.is_superuser or "is_staff" in changes):
            raise PermissionDenied
        precondition.require(user.version)
        _save(user, changes)
        audit.record(Event.USER_CHANGED, user_id=user.pk, actor_id=by.pk)
    return user


def _save(user: User, changes: dict[str, Any]) -> User:
    for field, value in changes.items():
        setattr(user, field, value)
    if changes:
        user.save(update_fields=[*changes, "updated_at"])
    return user


def _hold(user_id: UUID) -> User | None:
    """A user as they are by now, locked until the transaction ends: changes come one by one."""
    return UserQuerySet(User).existing().select_for_update().filter(pk=user_id).first()


def require_password(
    user: User,
    password: str,
    *,
    field: str,
    client: Client,
    session_id: UUID,
    now: datetime,
) -> None:
    """Have a caller prove that they know their password; a wrong one counts as a failed login.

    Raises:
        CurrentPasswordWrong: they do not; ``field`` is to blame.
        Throttled: too many wrong passwords for this account from this address.
        TooBusyToHash: too many passwords at once.
    """
    with throttling.attempt("login_failures", user.email, client.ip_address or ""):
        if not passwords.verify(password, user.password).correct:
            audit.record(Event.PASSWORD_REFUSED, user_id=user.pk, session_id=session_id, now=now)
            raise CurrentPasswordWrong(field)


def delete_account(
    user: User, *, password: str, client: Client, session_id: UUID, now: datetime
) -> None:
    """Delete the caller's account and everything that could name them; say goodbye by mail.

    Raises:
        CurrentPasswordWrong: the caller does not know their password.
        AccountGone: it was deleted meanwhile.
        SessionsEnded: while the password was being checked, another one was set, for example.
        Throttled: too many wrong passwords from this address.
        TooBusyToHash: too many passwords at once.
    """
    require_password(
        user, password, field="password", client=client, session_id=session_id, now=now
    )
    with transaction.atomic():
        held = _held_or_gone(user.pk)
        if held.session_epoch != user.session_epoch:
            raise SessionsEnded
        _delete(held, event=Event.ACCOUNT_DELETED, now=now)


def delete(user_id: UUID, *, event: Event, now: datetime, actor_id: UUID | None = None) -> None:
    """Delete somebody's account, in the transaction under way.

    Raises:
        AccountGone: there is none (any more).
    """
    _delete(_held_or_gone(user_id), event=event, now=now, actor_id=actor_id)


def _held_or_gone(user_id: UUID) -> User:
    held = _hold(user_id)
    if held is None:
        raise AccountGone
    return held


def _delete(held: User, *, event: Event, now: datetime, actor_id: UUID | None = None) -> None:
    address = held.email
    erasure.erase(held, now=now)
    audit.record(event, user_id=held.pk, actor_id=actor_id, client=NOBODY, now=now)
    enqueue(say_goodbye, to=address)


def end_all_sessions(user: User, *, actor_id: UUID | None = None) -> None:
    """End every session of a user, this moment; ``actor_id`` is who does it to somebody else."""
    with transaction.atomic():
        rows = UserQuerySet(User).existing().filter(pk=user.pk)
        if rows.update(session_epoch=F("session_epoch") + 1):
            audit.record(Event.ALL_SESSIONS_ENDED, user_id=user.pk, actor_id=actor_id)
