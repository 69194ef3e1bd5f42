"""Mails of the way in, written and sent in the background.

Who asks for a mail by an address is answered before anybody looks whether it has an account: the
look is a task too, so that neither the answer nor its time can tell.
"""

from uuid import UUID

from django.utils import timezone

from backend.audit import events as audit
from backend.audit.models import Event, SecurityEvent
from backend.authentication import links
from backend.authentication.models import Link, Purpose
from backend.core.http.client import Client
from backend.mails.delivery import MailRefused, send
from backend.mails.links import Page, address
from backend.mails.messages import NOTHING_KNOWN, Facts, Mail, Message, render
from backend.tasks.execution import current_task
from backend.tasks.outbox import enqueue
from backend.tasks.registry import task
from backend.users.models import User

_PAGES = {
    Purpose.VERIFY_EMAIL: Page.VERIFY_EMAIL,
    Purpose.CHANGE_EMAIL: Page.VERIFY_EMAIL,
    Purpose.RESET_PASSWORD: Page.RESET_PASSWORD,
    Purpose.NOT_ME: Page.NOT_ME,
}


@task(queue="mails", gives_up_on=(MailRefused,))
def send_link(*, link_id: UUID) -> None:
    """Mail a link, unless it has become useless."""
    link = _usable(link_id)
    if link is not None:
        _send(render(Mail(link.purpose), link=_address(link)), to=link.email)


@task(queue="mails", gives_up_on=(MailRefused,))
def send_warning(*, mail: Mail, link_id: UUID, event_id: UUID) -> None:
    """Mail what happened to an account, with a link for its owner to object."""
    link = _usable(link_id)
    if link is not None:
        _send(render(mail, not_me=_address(link), facts=_facts(event_id)), to=link.email)


@task(atomic=True)
def start_verification(*, email: str) -> None:
    """Have a link mailed to an address that has an account and is not verified."""
    user = _held(email=email, email_verified=False)
    if user is not None:
        mail_link(Purpose.VERIFY_EMAIL, user)


@task(atomic=True)
def start_reset(*, email: str, ip_address: str | None, user_agent: str) -> None:
    """Have a link for a new password mailed to an address that has an account."""
    user = _held(email=email)
    if user is not None:
        client = Client(ip_address=ip_address, user_agent=user_agent)
        audit.record(Event.PASSWORD_RESET_REQUESTED, user_id=user.pk, client=client)
        mail_link(Purpose.RESET_PASSWORD, user)


@task(atomic=True)
def start_email_change(*, link_id: UUID, event_id: UUID) -> None:
    """Warn the old address, and mail the new one its link unless it is taken."""
    user, link = _held(links=link_id), _usable(link_id)
    if user is None or link is None:
        return
    warn(Mail.EMAIL_CHANGE_WARNING, user, event_id=event_id)
    if not User.objects.filter(email=link.email).exists():
        enqueue(send_link, link_id=link.pk)


def mail_link(purpose: Purpose, user: User, *, email: str | None = None) -> None:
    """Make a link and have it mailed, with the change that causes it."""
    link = links.issue(purpose, user, now=timezone.now(), email=email)
    enqueue(send_link, link_id=link.pk)


def warn(mail: Mail, user: User, *, event_id: UUID) -> None:
    """Have an account's owner told of an event, with the change that it records."""
    link = links.issue(Purpose.NOT_ME, user, now=timezone.now())
    enqueue(send_warning, mail=mail, link_id=link.pk, event_id=event_id)


def _held(**which: object) -> User | None:
    """The active user, locked: nothing is written about somebody who is leaving."""
    rows = User.objects.select_for_update(of=("self",))
    return rows.filter(is_active=True, **which).first()


def _send(message: Message, *, to: str) -> None:
    send(message, to=to, message_id=str(current_task.get()))


def _usable(link_id: UUID) -> Link | None:
    rows = Link.objects.select_related("user").filter(pk=link_id, used_at__isnull=True)
    link = rows.filter(expires_at__gt=timezone.now()).first()
    return link if link is not None and link.is_bound(link.user) else None


def _address(link: Link) -> str:
    return address(_PAGES[Purpose(link.purpose)], links.token(link))


def _facts(event_id: UUID) -> Facts:
    event = SecurityEvent.objects.filter(pk=event_id).first()
    if event is None:
        return NOTHING_KNOWN
    device = Client(ip_address=event.ip_address, user_agent=event.user_agent).device
    return Facts(at=event.created_at, ip_address=event.ip_address, device=device)
