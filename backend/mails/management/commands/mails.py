"""``just mails``: every mail as a file, to look at."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.template.loader import render_to_string
from django.utils import translation

from backend.mails import links
from backend.mails.links import Page
from backend.mails.messages import Facts, Mail, Message, render

FOLDER = "mails-preview"
TOKEN = "this-is-a-sample-and-no-token-of-anybody-at-all"  # noqa: S105  (as it says)
FACTS = Facts(
    at=datetime(2026, 11, 24, 3, 54, tzinfo=UTC),
    ip_address="2001:db8:85a3::8a2e:370:7334",
    device="Firefox on Linux",
)
BUTTONS = {
    Mail.VERIFY_EMAIL: Page.VERIFY_EMAIL,
    Mail.CHANGE_EMAIL: Page.VERIFY_EMAIL,
    Mail.RESET_PASSWORD: Page.RESET_PASSWORD,
}


class Command(BaseCommand):
    """Renders every mail with sample data, as HTML and text, and a page that shows them all."""

    help = "Write every mail with sample data as .html and .txt, and an index.html."

    def add_arguments(self, parser: ArgumentParser) -> None:
        folder = Path(settings.ROOT) / FOLDER
        parser.add_argument(
            "folder", nargs="?", type=Path, default=folder, help=f"default: {FOLDER}/"
        )
        parser.add_argument(
            "--language", default=settings.LANGUAGE_CODE, metavar="CODE", help="for example de"
        )

    def handle(self, *_: Any, folder: Path, language: str, **__: Any) -> None:
        with translation.override(language):
            messages = {mail: sample(mail) for mail in Mail}
        folder.mkdir(parents=True, exist_ok=True)
        for mail, message in messages.items():
            (folder / f"{mail}.html").write_text(message.html)
            (folder / f"{mail}.txt").write_text(message.text)
        index = folder / "index.html"
        index.write_text(_index(messages, language))
        self.stdout.write(str(index.resolve()))


def sample(mail: Mail) -> Message:
    """A mail as it could be sent."""
    if mail in BUTTONS:
        return render(mail, link=links.address(BUTTONS[mail], TOKEN))
    if mail == Mail.ACCOUNT_DELETED:
        return render(mail, facts=FACTS)
    return render(mail, not_me=links.address(Page.NOT_ME, TOKEN), facts=FACTS)


def _index(messages: dict[Mail, Message], language: str) -> str:
    mails = [(mail, message.subject) for mail, message in messages.items()]
    context = {"product": settings.PRODUCT_NAME, "language": language, "mails": mails}
    return render_to_string("mails/index.html", context)
