"""A peer that says what no HTTP library would, and reads every answer to it until the hang-up."""

import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from urllib.parse import urlsplit

PATIENCE_SECONDS = 10.0
# Whoever trusts one of these trusts the peer that sent the request, and nobody else.
TRUSTED_ADDRESS, OTHER_ADDRESS = "127.0.0.2", "127.0.0.1"


@dataclass
class Reply:
    """One answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Conversation:
    """What a peer was told, and how it ended."""

    replies: list[Reply]
    rest: bytes  # what is no answer
    hung_up: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        """Of each answer, in their order."""
        return [reply.status for reply in self.replies]

    @property
    def only(self) -> Reply:
        """The one answer there is."""
        (reply,) = self.replies
        assert self.rest == b""
        return reply


def talk(url: str, sent: bytes | Iterable[bytes], *, source: str = OTHER_ADDRESS) -> Conversation:
    """Send bytes from an address and read until the service hangs up, or is silent for long."""
    started, parts = perf_counter(), urlsplit(url)
    assert parts.hostname
    address = (parts.hostname, parts.port or 80)
    with socket.create_connection(address, PATIENCE_SECONDS, source_address=(source, 0)) as peer:
        with suppress(BrokenPipeError, ConnectionResetError):  # it has heard enough
            for part in [sent] if isinstance(sent, bytes) else sent:
                peer.sendall(part)
        received, hung_up = _listen(peer)
    replies, rest = answers_in(received)
    return Conversation(replies, rest, hung_up, perf_counter() - started)


def _listen(peer: socket.socket) -> tuple[bytes, bool]:
    received = b""
    try:
        while heard := peer.recv(65_536):
            received += heard
    except TimeoutError:
        return received, False
    except ConnectionResetError:
        pass  # a hang-up, too
    return received, True


def answers_in(received: bytes) -> tuple[list[Reply], bytes]:
    """Every answer in what was received, by the rules of HTTP; and what is left."""
    replies: list[Reply] = []
    while received.startswith(b"HTTP/1.") and b"\r\n\r\n" in received:
        head, _, received = received.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        reply = Reply(int(status_line.split()[1]), headers)
        if headers.get("transfer-encoding") == "chunked":
            reply.body, received = _unchunked(received)
        elif reply.status >= HTTPStatus.OK:
            length = int(headers.get("content-length", len(received)))
            reply.body, received = received[:length], received[length:]
        replies.append(reply)
    return replies, received


def _unchunked(received: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, received = received.partition(b"\r\n")
        length = int(size, 16)
        body, received = body + received[:length], received[length + 2 :]
        if length == 0:
            return body, received


def request(line: str, *headers: str, body: bytes = b"", host: str = "localhost") -> bytes:
    """The bytes of a request; its lines are sent as they are."""
    lines = [line, *([f"Host: {host}"] if host else []), *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
