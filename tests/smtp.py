"""A real mail server for the tests, which keeps what it is given."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Lock
from typing import Any

from aiosmtpd.controller import Controller

from tests.processes import free_port

HOST = "127.0.0.1"


class MailServer:
    """Keeps every mail by recipient, in the order of arrival."""

    def __init__(self, port: int, seconds_per_mail: float) -> None:
        self.url = f"smtp://{HOST}:{port}"
        self._port = port
        self._pause = seconds_per_mail
        self._lock = Lock()
        self._mails: dict[str, list[EmailMessage]] = {}
        self._controller: Any = None

    def start(self) -> None:
        """Begin to listen."""
        self._controller = Controller(self, hostname=HOST, port=self._port)
        self._controller.start()

    def stop(self) -> None:
        """Stop listening; what was kept is kept."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802  (the library's)
        """Take a mail."""
        if self._pause:
            await asyncio.sleep(self._pause)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        with self._lock:
            for recipient in envelope.rcpt_tos:
                self._mails.setdefault(recipient, []).append(mail)
        return "250 OK"

    def mails(self, recipient: str) -> list[EmailMessage]:
        """What came for somebody."""
        with self._lock:
            return [*self._mails.get(recipient, [])]

    def amounts(self) -> dict[str, int]:
        """How many mails came for whom."""
        with self._lock:
            return {recipient: len(mails) for recipient, mails in self._mails.items()}


@contextmanager
def listening(*, seconds_per_mail: float = 0.0) -> Iterator[MailServer]:
    """A mail server on a free port, until the block ends."""
    server = MailServer(int(free_port()), seconds_per_mail)
    server.start()
    try:
        yield server
    finally:
        server.stop()
