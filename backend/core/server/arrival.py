"""A request on its way in: whether all of it has come that a thread will read."""

from enum import Enum, auto

from django.conf import settings

MOST_DIGITS = 15  # of a length; Python takes its time for thousands
HEAD_BYTES = 65_536  # gunicorn judges what is in it; this only bounds the wait for its end
_END = b"\r\n\r\n"


class State(Enum):
    """How far a request has come."""

    AWAITED = auto()
    COMPLETE = auto()
    MALFORMED = auto()  # its head will never end as one has to
    TOO_LONG = auto()  # its head is


class Arrival:
    """The bytes of a connection that nobody has read yet, and the request they begin with.

    A body that the application refuses by its head (chunked, too large, without a clear length) is
    not waited for.
    """

    def __init__(self) -> None:
        self.received = bytearray()
        self.state = State.AWAITED
        self._needed: int | None = None
        self._awaits_invitation = False
        self._follows_an_empty_line = False

    def take(self, data: bytes) -> State:
        """Add what has come, if anything has."""
        if data:
            self.state = self._take(data)
        return self.state

    def reads(self) -> bool:
        """Whether the request only asks for something, by its method."""
        return self.received.startswith((b"GET ", b"HEAD ", b"OPTIONS "))

    def _take(self, data: bytes) -> State:
        last, before = bytes(self.received[-1:]), len(self.received)
        self.received += data
        if self._needed is None:
            if self.received.startswith(b"\r\n") and not self._follows_an_empty_line:
                self._follows_an_empty_line = True  # RFC 9112: one is ignored
                del self.received[:2]
                before = 0
            if self.received.startswith(b"\r\n"):
                return State.MALFORMED
            end = self.received.find(_END, max(0, before - len(_END)))
            if end < 0:
                return self._judge_half_a_head(data if last == b"\n" else last + data)
            self._needed = end + len(_END) + self._length(bytes(self.received[:end]).lower())
        return State.COMPLETE if len(self.received) >= self._needed else State.AWAITED

    def hand_over(self) -> bytes:
        """Everything, for a parser; what it leaves is taken again as the next request."""
        received = bytes(self.received)
        self.received = bytearray()
        self._needed, self._awaits_invitation = None, False
        self._follows_an_empty_line = False
        self.state = State.AWAITED
        return received

    def awaits_invitation(self) -> bool:
        """Whether the client wants to be asked for its body; told once."""
        awaits, self._awaits_invitation = self._awaits_invitation, False
        return awaits

    def _judge_half_a_head(self, news: bytes) -> State:
        """Judge by what is new: who sends byte by byte must not have all of it read each time."""
        if len(self.received) > HEAD_BYTES:
            return State.TOO_LONG
        if news.count(b"\n") != news.count(b"\r\n"):
            return State.MALFORMED
        return State.AWAITED

    def _length(self, head: bytes) -> int:
        """How many bytes of a body to wait for."""
        if b"\ncontent-length" not in head:
            return 0
        values: dict[bytes, list[bytes]] = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            values.setdefault(name.rstrip(), []).append(value.strip())
        lengths = values.get(b"content-length", [])
        if b"transfer-encoding" in values or len(lengths) != 1 or not lengths[0].isdigit():
            return 0
        digits = lengths[0].lstrip(b"0") or b"0"
        if len(digits) > MOST_DIGITS or int(digits) > settings.MAX_BODY_BYTES:
            return 0
        self._awaits_invitation = values.get(b"expect") == [b"100-continue"]
        return int(digits)
