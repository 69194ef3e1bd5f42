"""Mails as they could be sent, and how to read them."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from backend.mails.messages import NOTHING_KNOWN, Facts, Mail, Message, render

LINK = "https://app.example.com/somewhere?token=" + "Abc-_9" * 30
FACTS = Facts(
    at=datetime(2026, 11, 24, 3, 54, tzinfo=UTC), ip_address="192.0.2.7", device="Firefox on Linux"
)
LINKED = [Mail.VERIFY_EMAIL, Mail.CHANGE_EMAIL, Mail.RESET_PASSWORD]
WARNING = [Mail.EMAIL_CHANGE_WARNING, Mail.PASSWORD_CHANGED, Mail.NEW_SIGN_IN, Mail.TOKEN_REUSED]


def sample(mail: Mail, facts: Facts = FACTS) -> Message:
    """Each mail with the link that it has."""
    if mail in LINKED:
        return render(mail, link=LINK)
    return render(mail, not_me=LINK if mail in WARNING else "", facts=facts)


def bare(mail: Mail) -> Message:
    """The same without anything known about its cause."""
    return sample(mail, NOTHING_KNOWN)


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\s:]+", text)) - {"--"}


class Html(HTMLParser):
    """What a mail program finds in a message's HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.visible: list[str] = []
        self._hidden = ""
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(self.visible)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        if tag in {"title", "style"} or "display:none" in attributes.get("style", ""):
            self._hidden = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.visible.append(" ".join(data.split()))
