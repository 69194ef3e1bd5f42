"""The mails of the tests' own process: written by its waiting tasks, kept in memory."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db.models.functions import Now
from django.test import TestCase

from backend.tasks import execution
from backend.tasks.models import State, Task, tasks

_LINK = re.compile(r"^(?P<page>https?://\S+)\?token=(?P<token>\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Letter:
    """A mail that was sent."""

    message: EmailMultiAlternatives

    @property
    def subject(self) -> str:
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
    def page(self) -> str:
        """Where its one link leads, without the token."""
        return self._link()["page"]

    @property
    def token(self) -> str:
        """What its one link carries."""
        return unquote(self._link()["token"])

    def _link(self) -> re.Match[str]:
        (link,) = _LINK.finditer(self.text)
        return link


class Mailbox:
    """Everybody's mail. Whoever looks into it has the waiting tasks run first."""

    def to(self, address: str) -> list[Letter]:
        """The mails to an address, the oldest first."""
        return [letter for letter in self.all() if letter.message.to == [address]]

    def last(self, address: str) -> Letter:
        """The latest mail to an address; there has to be one."""
        letters = self.to(address)
        assert letters, f"no mail to {address}"
        return letters[-1]

    def all(self) -> list[Letter]:
        """Every mail, the oldest first."""
        deliver()
        return [Letter(message) for message in mail.outbox]  # type: ignore[arg-type]  # we send no other

    def empty(self) -> None:
        """Forget what has been sent so far."""
        deliver()
        mail.outbox.clear()


def deliver() -> None:
    """Run the tasks that wait, and those that they cause; a task that fails is the test's end."""
    while due := [*tasks().filter(state=State.WAITING, due_at__lte=Now()).order_by("pk")]:
        for task in due:
            # The test's transaction never ends with a commit.
            with TestCase.captureOnCommitCallbacks(execute=True):
                execution.run(task.pk)
    failed = Task.objects.exclude(error="").values_list("name", "error")
    assert not failed, [*failed]
