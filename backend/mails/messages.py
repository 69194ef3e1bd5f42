"""The mails there are, and each of them as subject, plain text and HTML."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from backend.mails import texts


class Mail(StrEnum):
    """Every mail the service writes; the value names its template."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  (a mail's name)
    CHANGE_EMAIL = "change_email"  # to the new address
    EMAIL_CHANGE_WARNING = "email_change_warning"  # to the old one
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (a mail's name)
    NEW_SIGN_IN = "new_sign_in"
    TOKEN_REUSED = "token_reused"  # noqa: S105  (a mail's name)
    ACCOUNT_DELETED = "account_deleted"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about the cause. Nothing in here may be a caller's own text."""

    at: datetime | None = None
    ip_address: str | None = None
    device: str = ""  # of a closed vocabulary: "Firefox on Linux"

    def rows(self) -> Iterator[tuple[str, str]]:
        """What is known, each with its label; the time in UTC."""
        if self.at:
            yield _("Time"), f"{date_format(self.at.astimezone(UTC), 'j F Y, H:i')} UTC"
        if self.device:
            yield _("Device"), self.device
        if self.ip_address:
            yield _("IP address"), self.ip_address


@dataclass(frozen=True, slots=True)
class Message:
    """A mail as it is sent, to whomever."""

    subject: str
    text: str
    html: str


NOTHING_KNOWN = Facts()


def render(
    mail: Mail, *, link: str = "", not_me: str = "", facts: Facts = NOTHING_KNOWN
) -> Message:
    """Write a mail in the language that is active.

    Args:
        mail: which one.
        link: where its button leads.
        not_me: where "This wasn't me" leads, in the mails that warn.
        facts: what is shown about the cause.

    Raises:
        ValueError: the mail has a button and no link is given, or the other way round.
    """
    text = texts.read(mail, product=settings.PRODUCT_NAME)
    if bool(text.action) != bool(link):
        raise ValueError(f"{mail}: a mail has either both a button and a link or none")
    context = {
        "product": settings.PRODUCT_NAME,
        "text": text,
        "shared": _shared(mail),
        "link": link,
        "not_me": not_me,
        "facts": [*facts.rows()],
    }
    return Message(
        subject=text.subject,
        text=texts.plain("layout", **context),
        html=render_to_string("mails/layout.html", context),
    )


def _shared(mail: Mail) -> dict[str, str]:
    """The sentences that are the same in every mail."""
    lifetimes = settings.LINK_LIFETIMES
    own = lifetimes.get(mail)
    return texts.fields(
        "shared",
        product=settings.PRODUCT_NAME,
        lifetime=_words(own) if own else "",
        not_me_lifetime=_words(lifetimes["not_me"]),
    )


def _words(duration: timedelta) -> str:
    """A duration as people say it: 3 days."""
    start = datetime(2001, 1, 1, tzinfo=UTC)
    return timesince(start, start + duration)
