"""A mail server that answers as it is told and keeps what it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import BaseRequestHandler, TCPServer
from threading import Thread
from typing import Any, ClassVar

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from tests.processes import free_port

OK = "250 OK"


class MailServer:
    """What came, and what is answered to whom."""

    def __init__(self) -> None:
        self.port = int(free_port())
        self.taken: list[Envelope] = []
        self.recipient = self.sender = self.data = OK

    @property
    def url(self) -> str:
        """For ``EMAIL_URL``."""
        return f"smtp://127.0.0.1:{self.port}"

    # No properties: aiosmtpd reads every attribute of a handler.
    def raw(self) -> bytes:
        """The one message that was taken, as it came."""
        (envelope,) = self.taken
        assert isinstance(envelope.content, bytes)
        return envelope.content

    def message(self) -> EmailMessage:
        """The same as a mail program reads it."""
        parsed = message_from_bytes(self.raw(), policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    async def handle_MAIL(  # noqa: N802  (the name that aiosmtpd asks for)
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.recipient == OK:
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.data == OK:
            self.taken.append(envelope)
        return self.data


@contextmanager
def running() -> Iterator[MailServer]:
    """A server that listens, and knows nobody's password."""
    server = MailServer()
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=server.port,
        authenticator=lambda *_: AuthResult(success=False, handled=False),
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def greeting(words: bytes) -> Iterator[str]:
    """A server that says these words to whoever connects, and hangs up: its ``EMAIL_URL``."""

    class Greeter(BaseRequestHandler):
        said: ClassVar[bytes] = words + b"\r\n"

        def handle(self) -> None:
            self.request.sendall(self.said)

    with TCPServer(("127.0.0.1", 0), Greeter) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"smtp://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
