"""HTTP by hand: for what no client library would send."""

import socket
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PATIENCE_SECONDS = 10.0
HOST = "Host: localhost"


@dataclass
class Reply:
    """What the server said, and whether it hung up after it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Wire:
    """One connection to a service."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self._socket = socket.create_connection(
            (parts.hostname, parts.port or 80), timeout=PATIENCE_SECONDS
        )
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.close()
        self._socket.close()

    def send(self, *lines: str, body: bytes = b"") -> None:
        """Send the lines of a request's head, and some of its body."""
        head = "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")
        self._socket.sendall(head + body)

    def send_body(self, body: bytes) -> None:
        """Send more of a body."""
        self._socket.sendall(body)

    def rest(self) -> bytes:
        """Everything the server says until it hangs up."""
        return self._reader.read()

    def read(self) -> Reply:
        """Read one answer; a read that takes too long fails."""
        status_line = self._reader.readline()
        reply = Reply(int(status_line.split()[1]))
        while (line := self._reader.readline()) not in {b"\r\n", b""}:
            name, _, value = line.decode("latin-1").partition(":")
            reply.headers[name.lower()] = value.strip()
        reply.body = self._reader.read(int(reply.headers.get("content-length", 0)))
        return reply

    def ask(self, *lines: str, body: bytes = b"") -> Reply:
        """Send a request and read its answer."""
        self.send(*lines, body=body)
        return self.read()

    def is_closed(self) -> bool:
        """Whether the server hung up; waits for it, and fails if it neither does nor speaks."""
        try:
            return self._reader.read(1) == b""
        except ConnectionResetError:
            return True
