"""Addresses that prove themselves: verification, and moving to another address."""

from datetime import datetime

from django.db import IntegrityError, transaction

from backend.audit import events as audit
from backend.audit.events import Event
from backend.authentication import links, sessions
from backend.authentication.errors import AddressTaken
from backend.authentication.models import Link, Purpose, Session
from backend.authentication.tasks import start_email_change, start_verification
from backend.core.http.client import Client
from backend.core.limits import throttling
from backend.tasks.outbox import enqueue
from backend.users import emails
from backend.users import services as users
from backend.users.models import User


def resend_verification(*, email: str, client: Client) -> None:
    """Have another link mailed, if the address has an account that has not proved it.

    Raises:
        EmailInvalid: the address is none.
    """
    account = emails.canonical(email)
    if throttling.permits("mail", account, client.ip_address or ""):
        enqueue(start_verification, email=account)


def request_change(
    session: Session, *, email: str, password: str, client: Client, now: datetime
) -> None:
    """Have a link mailed to a new address, and the old one warned. A taken one gets no mail.

    Raises:
        EmailInvalid: the address is none.
        CurrentPasswordWrong: the caller does not know their password.
        Throttled: too many wrong passwords from this address.
        SessionRevoked: the session ended while the password was being checked.
        TooBusyToHash: too many passwords at once.
    """
    user, address = session.user, emails.canonical(email)
    users.require_password(
        user, password, field="password", client=client, session_id=session.pk, now=now
    )
    if not throttling.permits("mail", user.email, client.ip_address or ""):
        return
    with transaction.atomic():
        sessions.hold(session, now=now)
        event = audit.record(
            Event.EMAIL_CHANGE_REQUESTED, user_id=user.pk, session_id=session.pk, now=now
        )
        # Now, not when the mail is written: the link is bound to what has just been checked.
        link = links.issue(Purpose.CHANGE_EMAIL, user, now=now, email=address)
        enqueue(start_email_change, link_id=link.pk, event_id=event.pk)


def verify(*, token: str, now: datetime) -> None:
    """Take the word of a mailed link: the address is its owner's, or becomes it.

    Raises:
        LinkInvalid: forged, used, too old, or overtaken by a change.
        AddressTaken: somebody else has the new address by now.
    """
    link = links.read(token, Purpose.VERIFY_EMAIL, Purpose.CHANGE_EMAIL, now=now)
    try:
        with transaction.atomic():
            user = links.redeem(link, now=now)
            _take_word(user, link, now=now)
    except IntegrityError as error:
        raise AddressTaken from error


def _take_word(user: User, link: Link, *, now: datetime) -> None:
    is_new = link.purpose == Purpose.CHANGE_EMAIL
    user.email, user.email_verified = link.email, True
    user.save(update_fields=["email", "email_verified", "updated_at"])
    audit.record(Event.EMAIL_CHANGED if is_new else Event.EMAIL_VERIFIED, user_id=user.pk, now=now)
