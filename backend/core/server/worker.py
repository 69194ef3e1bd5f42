"""gunicorn's threads, kept from clients that are slow: a thread gets whole requests only.

Whatever is on its way in or out, idle or about to be closed costs a socket and some bytes of
memory. The main loop looks after it and never waits for anybody.
"""

import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from backend.core.errors import DomainError, ServiceUnavailable
from backend.core.server.arrival import State
from backend.core.server.connection import Connection, Outgoing
from backend.core.server.deadlines import Deadlines
from backend.core.server.refusal import HeadTooLong, Malformed, NeverArrived, refuse
from backend.core.server.threads import Threads

SILENCE_SECONDS = 5.0  # between two bytes of a request, and before the first of a connection
ARRIVAL_SECONDS = 30.0  # between the first and the last
SENDING_SECONDS = 30.0  # for a client to read an answer
CLOSING_SECONDS = 2.0  # for a client to read an answer behind which we hang up
STOPPING_SECONDS = 5.0  # for what is on its way when the worker stops: nobody replaces it before
READERS = 2  # threads kept for reads: a probe is answered, whatever all the writes wait for
QUEUE_SECONDS = 5.0  # that a write waits for a thread before it is told to come back
BUFFER_BYTES = 64 * 1024 * 1024  # of requests that wait, and as many of answers, in one process

_INVITATION = b"HTTP/1.1 100 Continue\r\n\r\n"


class Worker(Threads):
    """gunicorn's threaded worker, with a main loop that reads requests before threads see them.

    It also sends what a client does not read at once. Its listeners really close when it stops:
    otherwise connections would go on being established, and nobody would ever answer them.
    """

    alive: bool
    sockets: list[Any]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._arriving = Deadlines()
        self._silent = Deadlines()  # the same, by their last byte
        self._sending = Deadlines()
        self._closing = Deadlines()
        self._buffered = 0
        self._writes = 0
        self._stops_at = float("inf")

    def is_parent_alive(self) -> bool:
        """Whether anybody would replace this worker; if not it stops, as when it is told to."""
        self.alive = self.alive and bool(super().is_parent_alive())
        return self.alive

    def accept(self, listener: Any) -> None:
        """Take one connection, if there is one that somebody else has not taken, or given up."""
        try:
            client, address = listener.accept()
        except OSError:
            return
        self.nr_conns += 1
        self._await(Connection(self.cfg, Outgoing(client), address, listener.getsockname()))

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or end accepting; at the end take what has come so far, and hang up."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                self._take_all(listener)
                listener.close()
            self.sockets = []

    def _take_all(self, listener: Any) -> None:
        taken = -1
        while taken != self.nr_conns < self.worker_connections:
            taken = self.nr_conns
            self.accept(listener)

    def _await(self, conn: Connection) -> None:
        """Watch a connection for the rest, or the beginning, of a request."""
        now = time.monotonic()
        self._arriving[conn] = min(now + ARRIVAL_SECONDS, self._stops_at)
        self._silent[conn] = min(now + SILENCE_SECONDS, self._stops_at)
        self._watch(conn, self._on_arriving)

    def _watch(
        self, conn: Connection, react: Callable[[Connection], None], event: int = EVENT_READ
    ) -> None:
        self.poller.register(conn.sock, event, lambda _: react(conn))

    def _on_idle(self, conn: Connection) -> None:
        """See a connection's next request begin, or its end."""
        self.poller.unregister(conn.sock)
        self.keepalived_conns.remove(conn)
        self._await(conn)
        self._on_arriving(conn)

    def _on_arriving(self, conn: Connection) -> None:
        state = conn.receive()
        self._count(conn)
        if state is State.COMPLETE:
            self._forget(conn)
            self.enqueue_req(conn)
        elif state is not State.AWAITED:
            self._refuse(conn, Malformed() if state is State.MALFORMED else HeadTooLong())
        elif conn.has_ended:
            self._forget(conn)
            self._drop(conn)
        else:
            moment = time.monotonic() + SILENCE_SECONDS
            self._silent.put_off(conn, min(moment, self._stops_at))
            if conn.arrival.awaits_invitation():
                conn.say(_INVITATION)
        if self._buffered > BUFFER_BYTES:
            self._make_room()

    def _count(self, conn: Connection) -> None:
        """Keep the sum of the bytes that connections hold."""
        self._buffered += len(conn.arrival.received) - conn.counted
        conn.counted = len(conn.arrival.received)

    def _make_room(self) -> None:
        """Refuse whoever holds most of what waits."""
        largest = max((*self._arriving, *self._queued), key=lambda conn: conn.counted, default=None)
        if largest is None or not largest.counted:
            return  # threads have it all
        if largest in self._queued:
            del self._queued[largest]
            self._tell(largest, ServiceUnavailable())
        else:
            self._refuse(largest, ServiceUnavailable())

    def _refuse(self, conn: Connection, error: DomainError) -> None:
        self._forget(conn)
        self._tell(conn, error)

    def _tell(self, conn: Connection, error: DomainError) -> None:
        conn.say(refuse(error, client=conn.client[0]))
        self._hang_up(conn)

    def enqueue_req(self, conn: Connection) -> None:
        """Give a request to a thread; one that changes something, if it leaves some to readers."""
        conn.writes = not conn.arrival.reads()
        if conn.writes and not self._may_write():
            self._queued[conn] = time.monotonic() + QUEUE_SECONDS
            return
        self._writes += conn.writes
        super().enqueue_req(conn)

    def _may_write(self) -> bool:
        most: int = max(1, self.cfg.threads - READERS)
        return self._writes < most

    def _forget(self, conn: Connection) -> None:
        """Stop watching a connection whose request was arriving."""
        self.poller.unregister(conn.sock)
        del self._arriving[conn], self._silent[conn]

    def finish_request(self, conn: Connection, answered: Future[Any]) -> None:
        """Look after a connection that a thread is done with."""
        self._writes -= conn.writes
        self._count(conn)
        if self._queued and self._may_write():
            first = next(iter(self._queued))
            del self._queued[first]
            self.enqueue_req(first)
        conn.is_kept = bool(
            not answered.cancelled() and not answered.exception() and answered.result()
        )
        if not conn.sock.unsent:
            self._go_on(conn)
            return
        now = time.monotonic()
        last = max(self._stops_at, now + CLOSING_SECONDS)
        self._sending.put_off(conn, min(now + SENDING_SECONDS, last))
        self._watch(conn, self._on_sending, EVENT_WRITE)
        if sum(len(each.sock.unsent) for each in self._sending) > BUFFER_BYTES:
            self._end(self._sending, max(self._sending, key=lambda each: len(each.sock.unsent)))

    def _on_sending(self, conn: Connection) -> None:
        """Send what a client did not read at once."""
        try:
            conn.sock.send_rest()
        except OSError:
            self._end(self._sending, conn)
            return
        if not conn.sock.unsent:
            self.poller.unregister(conn.sock)
            del self._sending[conn]
            self._go_on(conn)

    def _go_on(self, conn: Connection) -> None:
        """See to the next request of a connection whose last one is answered."""
        if not conn.is_kept:
            self._hang_up(conn)
        elif conn.has_ended:
            self._drop(conn)
        elif conn.arrival.state is State.COMPLETE:
            self.enqueue_req(conn)
        elif conn.arrival.received:
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
        conn.arrival.received.clear()
        self._count(conn)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        self._closing[conn] = time.monotonic() + CLOSING_SECONDS
        self._watch(conn, self._on_closing)

    def _on_closing(self, conn: Connection) -> None:
        if conn.drain():
            self._end(self._closing, conn)

    def _end(self, among: Deadlines, conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        del among[conn]
        self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        self._buffered -= conn.counted
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Give up those whose time is over."""
        now = time.monotonic()
        for conn in {*self._arriving.overdue(now), *self._silent.overdue(now)}:
            if conn.arrival.received:
                self._refuse(conn, NeverArrived())
            else:
                self._forget(conn)
                self._drop(conn)
        for conn in self._queued.overdue(now):
            del self._queued[conn]
            self._tell(conn, ServiceUnavailable())
        for among in (self._sending, self._closing):
            for conn in among.overdue(now):
                self._end(among, conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Let go soon of connections on which nothing has been asked, then of the slow ones."""
        super()._cap_keepalive(deadline)
        self._stops_at = time.monotonic() + STOPPING_SECONDS
        for among in (self._arriving, self._silent, self._sending):
            among.cap(self._stops_at)
        for conn in [conn for conn in self._arriving if not conn.arrival.received]:
            self._forget(conn)
            conn.timeout = deadline
            self.keepalived_conns.append(conn)
            self._watch(conn, self._on_idle)
