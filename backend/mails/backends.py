"""Where mails go when no server is to send them: into files, or onto the terminal."""

import email.policy
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage as ParsedMessage
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from backend.core.ids import uuid7

_RULE = "-" * 80


class FileBackend(BaseEmailBackend):
    """Writes each message to a file of its own, whose name sorts by time."""

    def __init__(self, *, folder: str, **options: Any) -> None:
        super().__init__(**options)
        self._folder = Path(folder)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages; the folder is made if it is missing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            self._write(_raw(message))
        return len(email_messages)

    def _write(self, raw: bytes) -> None:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{uuid7()}.eml"
        unfinished = self._folder / f".{name}.part"
        unfinished.write_bytes(raw)
        # Whoever watches the folder sees whole messages only.
        os.replace(unfinished, self._folder / name)  # noqa: PTH105


class ConsoleBackend(BaseEmailBackend):
    """Shows each message to whoever watches the terminal."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Show the messages, each in one piece, so that those of several threads do not mix."""
        for message in email_messages:
            sys.stdout.write(_shown(message.message()))
            sys.stdout.flush()
        return len(email_messages)


def _raw(message: EmailMessage) -> bytes:
    # A file can carry what SMTP cannot: addresses that are not ASCII before their @.
    is_ascii = all(address.isascii() for address in message.recipients())
    return message.message(policy=email.policy.default.clone(utf8=not is_ascii)).as_bytes()


def _shown(message: ParsedMessage) -> str:
    headers = [
        f"{name}: {message[name]}"
        for name in ("From", "To", "Subject", "X-Request-ID")
        if message[name]
    ]
    body = message.get_body(preferencelist=("plain",))
    text = body.get_content() if body else ""
    return "\n".join([_RULE, *headers, "", text.rstrip("\n"), _RULE, ""])
