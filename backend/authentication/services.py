"""What people do with their accounts: register, log in, change the password, log out everywhere."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.audit import events as audit
from backend.audit.models import Event, SecurityEvent
from backend.authentication import sessions
from backend.authentication.errors import InvalidCredentials, PasswordsDiffer
from backend.authentication.models import Purpose, Session
from backend.authentication.sessions import TokenPair
from backend.authentication.tasks import mail_link, warn
from backend.core.http.client import Client
from backend.core.limits import throttling
from backend.mails.messages import Mail
from backend.users import emails, passwords
from backend.users import services as users
from backend.users.errors import CurrentPasswordWrong, EmailInvalid
from backend.users.models import User, UserQuerySet


def register(
    *, email: str, password: str, password_confirm: str, first_name: str, last_name: str
) -> User:
    """Create an account, and have its address asked to prove itself.

    Raises:
        PasswordsDiffer: the confirmation is not the password.
        EmailInvalid: the address is none.
        EmailTaken: the address has an account.
        ValidationFailed: the password is not good enough.
        TooBusyToHash: too many passwords at once.
    """
    if password != password_confirm:
        raise PasswordsDiffer("password_confirm")
    user = users.new_user(
        email=email, password=password, first_name=first_name, last_name=last_name
    )
    with transaction.atomic():
        users.add_user(user)
        mail_link(Purpose.VERIFY_EMAIL, user)
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
            audit.record(Event.LOGIN_FAILED, user_id=user.pk if user else None, now=now)
            raise InvalidCredentials
    renewed = passwords.hash_password(password) if verdict.stale else None
    try:
        with transaction.atomic():
            _note_login(user, now=now, renewed_hash=renewed)
            pair = sessions.open_session(user, client=client, now=now)
            _note_event(user, pair.session_id, client=client, now=now)
    except IntegrityError as error:  # deleted meanwhile
        raise InvalidCredentials from error
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
    users.require_password(
        user,
        current_password,
        field="current_password",
        client=client,
        session_id=session.pk,
        now=now,
    )
    user.set_password(new_password)
    with transaction.atomic():
        if sessions.hold(session, now=now).epoch != session.epoch:
            # Changed by this very session a moment ago, which lives on.
            raise CurrentPasswordWrong("current_password")
        user.save(update_fields=["password", "updated_at"])
        sessions.keep_only(session, user=user)
        event = audit.record(
            Event.PASSWORD_CHANGED, user_id=user.pk, session_id=session.pk, now=now
        )
        warn(Mail.PASSWORD_CHANGED, user, event_id=event.pk)


def _find(email: str) -> tuple[str, User | None]:
    """The account's name, under which failures are counted, and its user if there is one."""
    try:
        account = emails.canonical(email)
    except EmailInvalid:
        return email, None
    return account, User.objects.filter(email=account).first()


def _note_event(user: User, session_id: UUID, *, client: Client, now: datetime) -> None:
    """Note a login, and tell the account's owner if it comes from a device not seen before."""
    logins = SecurityEvent.objects.filter(user_id=user.pk, type=Event.LOGIN_SUCCEEDED)
    is_first = user.last_login is None
    is_known = is_first or logins.filter(user_agent=client.user_agent).exists()
    event = audit.record(Event.LOGIN_SUCCEEDED, user_id=user.pk, session_id=session_id, now=now)
    if not is_known:
        warn(Mail.NEW_SIGN_IN, user, event_id=event.pk)


def _note_login(user: User, *, now: datetime, renewed_hash: str | None) -> None:
    """Write the login down; it changes nothing a client sees, so ``updated_at`` stays.

    Raises:
        InvalidCredentials: deleted meanwhile.
    """
    rows = UserQuerySet(User).existing().filter(pk=user.pk)
    if not rows.update(last_login=now):
        raise InvalidCredentials
    if renewed_hash:
        rows.filter(password=user.password).update(password=renewed_hash)
