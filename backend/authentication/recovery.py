"""Getting an account back: a lost password, or a thief in the house."""

from datetime import datetime

from django.db import IntegrityError, transaction

from backend.audit import events as audit
from backend.audit.events import Event
from backend.authentication import links
from backend.authentication.errors import PasswordsDiffer
from backend.authentication.models import Purpose
from backend.authentication.tasks import mail_link, start_reset, warn
from backend.core.http.client import NOBODY, Client
from backend.core.limits import throttling
from backend.mails.messages import Mail
from backend.tasks.outbox import enqueue
from backend.users import emails, erasure, passwords
from backend.users.models import User


def request_reset(*, email: str, client: Client) -> None:
    """Have a link for a new password mailed, if the address has an account.

    Raises:
        EmailInvalid: the address is none.
    """
    account = emails.canonical(email)
    if throttling.permits("mail", account, client.ip_address or ""):
        enqueue(
            start_reset,
            email=account,
            ip_address=client.ip_address,
            user_agent=client.user_agent,
        )


def reset_password(*, token: str, password: str, password_confirm: str, now: datetime) -> None:
    """Set a new password with a mailed link, which proves the address too. Every session ends.

    Raises:
        PasswordsDiffer: the confirmation is not the password.
        LinkInvalid: forged, used, too old, or overtaken by a change.
        ValidationFailed: the password is not good enough.
        TooBusyToHash: too many passwords at once.
    """
    if password != password_confirm:
        raise PasswordsDiffer("password_confirm")
    link = links.read(token, Purpose.RESET_PASSWORD, now=now)
    passwords.require_good(password, field="password", user=link.user)
    hashed = passwords.hash_password(password)
    with transaction.atomic():
        user = links.redeem(link, now=now)
        user.email_verified |= user.email == link.email
        user.set_hashed_password(hashed)
        user.save(update_fields=["password", "email_verified", "updated_at"])
        event = audit.record(Event.PASSWORD_RESET, user_id=user.pk, now=now)
        warn(Mail.PASSWORD_CHANGED, user, event_id=event.pk)


def lock_out(*, token: str, now: datetime) -> None:
    """End every session and the password of an account whose owner says: this wasn't me.

    An address that was changed meanwhile becomes what it was, and a link for a new password is
    mailed there. What was mailed since is void: a thief who had the account for a while would
    object, too.

    Raises:
        LinkInvalid: forged, used or too old.
    """
    link = links.read(token, Purpose.NOT_ME, now=now)
    with transaction.atomic():
        user = links.redeem(link, now=now)
        links.void_since(link, now=now)
        if user.email != link.email:
            _give_back_address(user, link.email, now=now)
        user.set_password(None)
        user.save(update_fields=["password", "updated_at"])
        audit.record(Event.NOT_ME, user_id=user.pk, now=now)
        mail_link(Purpose.RESET_PASSWORD, user, email=link.email)


def _give_back_address(user: User, email: str, *, now: datetime) -> None:
    """Undo a change of address, unless somebody else has proved the old one meanwhile.

    An account that has not is forgotten: a thief would register what they have just moved away.
    """
    others = User.objects.select_for_update().exclude(pk=user.pk)
    squatter = others.filter(email=email, email_verified=False).first()
    if squatter is not None:
        erasure.erase(squatter, now=now)
        audit.record(Event.USER_DELETED, user_id=squatter.pk, client=NOBODY, now=now)
    current, user.email, user.email_verified = user.email, email, True
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "email_verified", "updated_at"])
    except IntegrityError:
        user.email = current
