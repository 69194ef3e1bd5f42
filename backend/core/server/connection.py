"""A connection, and what has come over it."""

import select
import socket
from contextlib import suppress
from typing import Any

from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn

from backend.core.server.arrival import Arrival, State

LINGER_SECONDS = 0.002  # a thread waits for its client's next request: it is likely on its way
CLOSING_BYTES = 262_144  # that a client may go on sending while it is hung up on
_CHUNK = 65_536


class WholeRequests(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """What a parser reads: nothing but what it was given, so that no thread waits for a client.

    Attributes:
        wanted_more: The parser takes the request for longer than we did.
    """

    wanted_more = False

    def chunk(self, size_hint: int | None = None) -> bytes:  # noqa: ARG002  (gunicorn's form)
        """Say that there is no more."""
        self.wanted_more = True
        return b""


class Outgoing(socket.socket):
    """An accepted socket whose answers wait for no reader.

    Attributes:
        unsent: What a client has not read yet, and the kernel not taken.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        self.unsent = bytearray()

    def sendall(self, data: Any, _flags: int = 0, /) -> None:
        """Send what can be sent at once, and keep the rest for ``send_rest``."""
        self.unsent += data
        self.send_rest()

    def send_rest(self) -> None:
        """Send as much as can be sent at once of what is left."""
        with suppress(BlockingIOError):
            del self.unsent[: self.send(self.unsent, socket.MSG_DONTWAIT)]


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection, with what has come of its next request.

    Attributes:
        counted: Bytes of requests that it is known to hold.
        has_ended: The client has hung up.
        is_kept: There may be another request behind the one that was answered last.
        writes: A thread has it for a request that may change something.
        drained: Bytes thrown away while it was being closed.
    """

    sock: Outgoing

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arrival = Arrival()
        self.counted = 0
        self.data_ready = True  # when a thread gets it
        self.has_ended = False
        self.is_kept = False
        self.writes = False
        self.drained = 0

    def receive(self) -> State:
        """Take what has come, without waiting; ``has_ended`` tells whether that was all."""
        return self.arrival.take(self._read())

    def say(self, words: bytes) -> None:
        """Send a few bytes, as far as there is room for them."""
        try:
            self.sock.send(words, socket.MSG_DONTWAIT)
        except OSError:
            self.has_ended = True

    def drain(self) -> bool:
        """Throw away what has come; whether the connection can be closed by now."""
        self.drained += len(self._read())
        return self.has_ended or self.drained > CLOSING_BYTES

    def _read(self) -> bytes:
        try:
            data = self.sock.recv(_CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self.has_ended = not data
        return bytes(data)

    def begin(self) -> None:
        """Give the parser what has come."""
        if not self.initialized:
            self.init()
            self.parser.unreader = WholeRequests()
        self.parser.unreader.unread(self.arrival.hand_over())

    def end(self) -> bool:
        """Take back what the parser has left; False if nobody knows what that would be."""
        self.arrival.take(self.parser.unreader.take_buffered())
        return not self.parser.unreader.wanted_more

    def goes_on(self) -> bool:
        """Whether the next request is here, or comes within a moment."""
        if self.arrival.state is State.COMPLETE:
            return True
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(LINGER_SECONDS * 1000)) and self.receive() is State.COMPLETE
