"""What people do with their accounts: register, log in, change the password, log out everywhere."""

from datetime import datetime

from django.db import IntegrityError, transaction

from backend.audit import events as audit
from backend.audit.events import Event
from backend.authentication import sessions
from backend.authentication.errors import (
    CurrentPasswordWrong,
    InvalidCredentials,
    PasswordsDiffer,
)
from backend.authentication.models import Session
from backend.authentication.sessions import TokenPair
from backend.core import throttling
from backend.core.client import Client
from backend.users import emails, passwords
from backend.users import services as users
from backend.users.errors import EmailInvalid
from backend.users.models import User


def register(
    *, email: str, password: str, password_confirm: str, first_name: str, last_name: str
) -> User:
    """Create an account.

    Raises:
        PasswordsDiffer: the confirmation is not the password.
        EmailInvalid: the address is none.
        EmailTaken: the address has an account.
        ValidationFailed: the password is not good enough.
        TooBusyToHash: too many passwords at once.
    """
    if password != password_confirm:
        raise PasswordsDiffer("password_confirm")
    user = users.create_user(
        email=email, password=password, first_name=first_name, last_name=last_name
    )
    audit.record(Event.REGISTERED, user_id=user.pk)
    return user


def login(*, email: str, password: str, client: Client, now: datetime) -> TokenPair:
    """Open a session. Unknown, wrong and inactive are refused alike, in the same time.

    Raises:
        InvalidCredentials: unknown, wrong or inactive.
        Throttled: too many wrong passwords for this account from this address.
        TooBusyToHash: too many passwords at once.
    """
    account, user = _find(email)
    with throttling.attempt("login_failures", account, client.ip_address or ""):
        verdict = passwords.verify(password, user.password if user else None)
        if user is None or not verdict.correct or not user.is_active:
            audit.record(Event.LOGIN_FAILED, user_id=user.pk if user else None)
            raise InvalidCredentials
    renewed = passwords.hash_password(password) if verdict.stale else None
    try:
        with transaction.atomic():
            _note_login(user, now=now, renewed_hash=renewed)
            pair = sessions.open_session(user, client=client, now=now)
    except IntegrityError as error:  # deleted meanwhile
        raise InvalidCredentials from error
    audit.record(Event.LOGIN_SUCCEEDED, user_id=user.pk, session_id=pair.session_id)
    return pair


def change_password(
    session: Session,
    *,
    current_password: str,
    new_password: str,
    new_password_confirm: str,
    client: Client,
    now: datetime,
) -> None:
    """Change the caller's password. Every session but the caller's ends.

    Raises:
        PasswordsDiffer: the confirmation is not the new password.
        ValidationFailed: the new password is not good enough.
        CurrentPasswordWrong: the caller does not know the current one.
        SessionRevoked: the session ended while the passwords were being hashed.
        Throttled: too many wrong passwords from this address.
        TooBusyToHash: too many passwords at once.
    """
    user = session.user
    if new_password != new_password_confirm:
        raise PasswordsDiffer("new_password_confirm")
    passwords.require_good(new_password, field="new_password", user=user)
    with throttling.attempt("login_failures", user.email, client.ip_address or ""):
        if not passwords.verify(current_password, user.password).correct:
            audit.record(Event.PASSWORD_REFUSED, user_id=user.pk, session_id=session.pk)
            raise CurrentPasswordWrong
    user.set_password(new_password)
    with transaction.atomic():
        if sessions.hold(session, now=now).epoch != session.epoch:
            raise CurrentPasswordWrong  # changed by this very session a moment ago, which lives on
        user.save(update_fields=["password", "updated_at"])
        sessions.keep_only(session, user=user)
    audit.record(Event.PASSWORD_CHANGED, user_id=user.pk, session_id=session.pk)


def _find(email: str) -> tuple[str, User | None]:
    """The account's name, under which failures are counted, and its user if there is one."""
    try:
        account = emails.canonical(email)
    except EmailInvalid:
        return email, None
    return account, User.objects.filter(email=account).first()


def _note_login(user: User, *, now: datetime, renewed_hash: str | None) -> None:
    """Write the login down; it changes nothing a client sees, so ``updated_at`` stays."""
    changes = {"last_login": now}
    rows = User.objects.filter(pk=user.pk, password=user.password)
    rows.update(**changes, **({"password": renewed_hash} if renewed_hash else {}))
