"""Handing a message to the mail server, and what its refusals mean."""

import email.policy
from email.message import EmailMessage
from email.policy import Policy
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.utils.encoding import punycode

from backend.core.context import request_id
from backend.mails.messages import Message

_LONGEST_LINE = 998  # RFC 5322


class MailRefused(Exception):
    """This mail will never be taken: sending it again is in vain."""


def send(message: Message, *, to: str, message_id: str) -> None:
    """Send a message through the default mailer.

    Args:
        message: what is sent.
        to: the address, without a name.
        message_id: the same for every attempt, so that a receiver can tell a repetition.

    Raises:
        MailRefused: for good. Whatever else is raised may pass: the server is away or busy, or
            refuses us rather than the mail.
    """
    mail = _Mail(message.subject, message.text, to=[to], headers=_headers(message_id))
    mail.attach_alternative(message.html, "text/html")
    try:
        with mailers.default as mailer:  # or a connection that the server refused stays open
            mailer.send_messages([mail])
    except (SMTPException, ValueError) as error:
        if reason := _why_for_good(error, to):
            # Without its cause, which names the address.
            raise MailRefused(reason) from None
        raise


class _Mail(EmailMultiAlternatives):
    """Django's, with lines as long as allowed: a link or an id is never broken in two."""

    def message(self, *, policy: Policy | None = email.policy.default) -> EmailMessage:
        usual = policy or email.policy.default
        message = super().message(policy=usual.clone(max_line_length=_LONGEST_LINE))
        if not all(value.isascii() for value in message.values()):
            message.policy = usual  # the encoded words in these headers have to be short
        return message


def _headers(message_id: str) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {
        "Message-ID": f"<{message_id}@{punycode(domain)}>",
        "Auto-Submitted": "auto-generated",
    }
    if current := request_id.get():
        headers["X-Request-ID"] = current
    return headers


def _why_for_good(error: Exception, to: str) -> str:
    """Why sending again would be in vain; nothing if it may help."""
    codes: list[int] = []
    match error:
        case SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
        case SMTPDataError():
            codes = [error.smtp_code]
        case ValueError() if not to.isascii():
            return "SMTP cannot carry this address"
    final = [code for code in codes if 500 <= code < 600]  # noqa: PLR2004  (the server's "never")
    return f"the mail server refused it with {final[0]}" if final and final == codes else ""
