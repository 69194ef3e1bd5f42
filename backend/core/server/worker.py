"""gunicorn's threads, kept from clients that are slow: a thread gets whole requests only.

Whatever is on its way in, idle or about to be closed costs a socket and some bytes of memory. The
main loop looks after it and never waits for anybody.
"""

import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from backend.core.errors import DomainError, ServiceUnavailable
from backend.core.server.arrival import State
from backend.core.server.connection import Connection
from backend.core.server.refusal import HeadTooLong, Malformed, NeverArrived, by_status, refuse
from backend.core.server.turns import Turns

SILENCE_SECONDS = 5.0  # between two bytes of a request, and before the first of a connection
ARRIVAL_SECONDS = 30.0  # between the first and the last
CLOSING_SECONDS = 2.0  # for a client to read an answer behind which we hang up
TURNS = 2  # threads that compute at once
READERS = 2  # threads kept for reads: a probe is answered, whatever all the writes wait for
QUEUE_SECONDS = 5.0  # that a write waits for a thread before it is told to come back
BUFFER_BYTES = 64 * 1024 * 1024  # of requests that have not come completely, in one process

_INVITATION = b"HTTP/1.1 100 Continue\r\n\r\n"


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threaded worker, with a main loop that reads requests before threads see them.

    Its listeners really close when it stops. Otherwise connections would go on being established,
    and nobody would ever answer them.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # In the order of their deadlines.
        self._arriving: dict[Connection, None] = {}
        self._closing: dict[Connection, None] = {}
        self._queued: dict[Connection, None] = {}
        self._buffered = 0
        self._writes = 0
        self._turns = Turns(TURNS)

    # --- the main loop's part ---------------------------------------------------------------------

    def accept(self, listener: Any) -> None:
        """Take one connection, if somebody else has not."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        self._await(Connection(self.cfg, client, address, listener.getsockname()))

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or end accepting; at the end take what has come so far, and hang up."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                self._take_all(listener)
                listener.close()

    def _take_all(self, listener: Any) -> None:
        taken = -1
        while taken != self.nr_conns:
            taken = self.nr_conns
            self.accept(listener)

    def _await(self, conn: Connection) -> None:
        """Watch a connection for the rest, or the beginning, of a request."""
        conn.began = time.monotonic()
        conn.timeout = conn.began + SILENCE_SECONDS
        self._arriving[conn] = None
        self._watch(conn, self._on_arriving)

    def _watch(self, conn: Connection, react: Callable[[Connection], None]) -> None:
        self.poller.register(conn.sock, EVENT_READ, lambda _: react(conn))

    def _on_idle(self, conn: Connection) -> None:
        """See a connection's next request begin, or its end."""
        self.poller.unregister(conn.sock)
        self.keepalived_conns.remove(conn)
        self._await(conn)
        self._on_arriving(conn)

    def _on_arriving(self, conn: Connection) -> None:
        before = len(conn.arrival.received)
        state = conn.receive()
        self._buffered += len(conn.arrival.received) - before
        if state is State.COMPLETE:
            self._forget(conn)
            self.enqueue_req(conn)
        elif state is not State.AWAITED:
            self._refuse(conn, Malformed() if state is State.MALFORMED else HeadTooLong())
        elif conn.has_ended or self._buffered > BUFFER_BYTES:
            self._forget(conn)
            self._drop(conn)
        else:
            conn.timeout = min(time.monotonic() + SILENCE_SECONDS, conn.began + ARRIVAL_SECONDS)
            self._arriving[conn] = self._arriving.pop(conn)  # the last by its deadline
            if conn.arrival.awaits_invitation():
                _send(conn, _INVITATION)

    def _refuse(self, conn: Connection, error: DomainError) -> None:
        self._forget(conn)
        _send(conn, refuse(error, client=conn.client[0]))
        self._hang_up(conn)

    def enqueue_req(self, conn: Connection) -> None:
        """Give a request to a thread; one that changes something, if it leaves some to readers."""
        conn.writes = not conn.arrival.reads()
        if conn.writes and not self._may_write():
            conn.timeout = time.monotonic() + QUEUE_SECONDS
            self._queued[conn] = None
            return
        self._writes += conn.writes
        super().enqueue_req(conn)

    def _may_write(self) -> bool:
        most: int = max(1, self.cfg.threads - READERS)
        return self._writes < most

    def _forget(self, conn: Connection) -> None:
        """Stop watching a connection whose request was arriving."""
        self.poller.unregister(conn.sock)
        del self._arriving[conn]
        self._buffered -= len(conn.arrival.received)

    def finish_request(self, conn: Connection, answered: Future[Any]) -> None:
        """Look after a connection that a thread is done with."""
        self._writes -= conn.writes
        if self._queued and self._may_write():
            first = next(iter(self._queued))
            del self._queued[first]
            self.enqueue_req(first)
        is_kept = not answered.cancelled() and not answered.exception() and answered.result()
        if not is_kept:
            self._hang_up(conn)
        elif conn.has_ended:
            self._drop(conn)
        elif conn.arrival.state is State.COMPLETE:
            self.enqueue_req(conn)
        elif conn.arrival.received:
            self._buffered += len(conn.arrival.received)
            self._await(conn)
            self._on_arriving(conn)  # it may be wrong already, and no event will tell
        else:
            conn.set_timeout()
            if not self.alive:
                conn.timeout = min(conn.timeout, time.monotonic() + CLOSING_SECONDS)
            self.keepalived_conns.append(conn)
            self._watch(conn, self._on_idle)

    def _hang_up(self, conn: Connection) -> None:
        """Close in two steps, so that the client still gets the answer."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.timeout = time.monotonic() + CLOSING_SECONDS
        self._closing[conn] = None
        self._watch(conn, self._on_closing)

    def _on_closing(self, conn: Connection) -> None:
        if conn.drain():
            self._end(self._closing, conn)

    def _end(self, among: dict[Connection, None], conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        del among[conn]
        self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Give up those whose time is over."""
        now = time.monotonic()
        for conn in _overdue(self._arriving, now):
            if conn.arrival.received:
                self._refuse(conn, NeverArrived())
            else:
                self._forget(conn)
                self._drop(conn)
        for conn in _overdue(self._queued, now):
            del self._queued[conn]
            _send(conn, refuse(ServiceUnavailable(), client=conn.client[0]))
            self._hang_up(conn)
        for conn in _overdue(self._closing, now):
            self._end(self._closing, conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Let go soon of connections on which nothing has been asked."""
        super()._cap_keepalive(deadline)
        silent = [conn for conn in self._arriving if not conn.arrival.received]
        for conn in silent:
            conn.timeout = min(conn.timeout, deadline)
        rest = [conn for conn in self._arriving if conn.arrival.received]
        self._arriving = dict.fromkeys(silent + rest)

    # --- the threads' part ------------------------------------------------------------------------

    def handle(self, conn: Connection) -> Any:
        """Answer a whole request, and those that follow at once while nobody else waits."""
        while True:
            conn.begin()
            with self._turns.taken():
                is_kept = super().handle(conn)
            if not is_kept or not conn.end():
                return False
            if not self.alive or self._others_wait(conn) or not conn.goes_on():
                return True
            if not conn.writes and not conn.arrival.reads():
                return True  # the main loop decides about it

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Have gunicorn judge and note what its parser refused; the answer is ours."""
        judged = _Judged()
        super().handle_error(req, judged, addr, exc)
        with suppress(OSError):
            client.sendall(refuse(by_status(judged.status), client=addr[0] if addr else None))

    def _others_wait(self, conn: Connection) -> bool:
        if conn.writes and self._queued:
            return True
        return self.tpool._work_queue.qsize() > 0  # type: ignore[no-any-return]  # noqa: SLF001  (it tells nowhere else)


class _Judged:
    """Stands for a socket, and keeps of gunicorn's error page its status alone."""

    status = 400

    def gettimeout(self) -> float:
        """No change of mode is needed."""
        return 0.0

    def sendall(self, page: bytes) -> None:
        """Read the status line."""
        self.status = int(page.split(maxsplit=2)[1])


def _overdue(connections: dict[Connection, None], now: float) -> list[Connection]:
    found = []
    for conn in connections:
        if conn.timeout > now:
            break
        found.append(conn)
    return found


def _send(conn: Connection, answer: bytes) -> None:
    """Send a few bytes, as far as there is room for them."""
    try:
        conn.sock.send(answer, socket.MSG_DONTWAIT)
    except OSError:
        conn.has_ended = True
