"""The mails of the tests' own process: written by its waiting tasks, kept in memory."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from django.core import mail
from django.core.mail import EmailMultiAlternatives

from backend.testing.tasks import Tasks

_LINK = re.compile(r"https?://[^\s<>\"]+")
_TOKEN_LINK = re.compile(r"^(?P<page>https?://\S+)\?token=(?P<token>\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Letter:
    """A mail that was sent."""

    message: EmailMultiAlternatives

    @property
    def to(self) -> list[str]:
        """The addresses."""
        return [str(address) for address in self.message.to]

    @property
    def subject(self) -> str:
        """The subject."""
        return str(self.message.subject)

    @property
    def text(self) -> str:
        """The plain text."""
        return str(self.message.body)

    @property
    def everything(self) -> str:
        """The message as it travels, and its texts as they are read."""
        parts = [str(content) for content, _ in self.message.alternatives]
        return "\n".join([self.message.message().as_string(), self.text, *parts])

    @property
    def headers(self) -> dict[str, str]:
        """The headers that are ours."""
        return {str(name): str(value) for name, value in self.message.extra_headers.items()}

    @property
    def links(self) -> list[str]:
        """The addresses in its text."""
        return _LINK.findall(self.text)

    @property
    def page(self) -> str:
        """Where its one link with a token leads, without the token."""
        return self._link()["page"]

    @property
    def token(self) -> str:
        """What its one link with a token carries."""
        return unquote(self._link()["token"])

    def _link(self) -> re.Match[str]:
        (link,) = _TOKEN_LINK.finditer(self.text)
        return link


class Mails:
    """Everybody's mail. Whoever looks has the waiting tasks run first."""

    def __init__(self) -> None:
        self._tasks = Tasks()

    def to(self, address: str) -> list[Letter]:
        """The mails to an address, the oldest first."""
        return [letter for letter in self.all() if letter.to == [address]]

    def last(self, address: str) -> Letter:
        """The latest mail to an address.

        Raises:
            AssertionError: there is none.
        """
        letters = self.to(address)
        if not letters:
            raise AssertionError(f"no mail to {address}")
        return letters[-1]

    def all(self) -> list[Letter]:
        """Every mail, the oldest first."""
        self._tasks.run()
        return [Letter(message) for message in mail.outbox]  # type: ignore[arg-type]  # we send no other

    def empty(self) -> None:
        """Forget what has been sent so far."""
        self._tasks.run()
        mail.outbox.clear()
