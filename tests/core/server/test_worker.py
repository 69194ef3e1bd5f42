"""The main loop, turned by hand: real sockets and a clock that stands."""

import errno
import os
import selectors
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from backend.core.server import worker as server
from backend.core.server.connection import Connection
from backend.core.server.worker import Worker

HEAD = b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


class Loop:
    """A worker whose threads do nothing, and its clients."""

    def __init__(self, stack: ExitStack) -> None:
        config = Config()
        config.set("threads", 3)  # one of them for writes
        self._stack = stack
        self.worker = Worker(1, os.getppid(), [], None, 30, config, SimpleNamespace(info=print))
        stack.callback(self.worker.tmp.close)
        self.worker.poller = stack.enter_context(selectors.DefaultSelector())
        self.worker.method_queue = SimpleNamespace(defer=lambda *_: None)
        self.handled: list[Connection] = []
        self.worker.tpool = SimpleNamespace(submit=self._submit)
        self.now = 1_000.0

    def _submit(self, _: object, conn: Connection) -> Future[bool]:
        self.handled.append(conn)
        return Future()

    def connect(self) -> socket.socket:
        """A new client of the worker."""
        theirs, ours = map(self._stack.enter_context, socket.socketpair())
        theirs.settimeout(5)
        accepted = (ours, ("127.0.0.1", 1))
        self.worker.accept(
            SimpleNamespace(accept=lambda: accepted, getsockname=lambda: ("127.0.0.1", 2))
        )
        self._stack.callback(next(reversed(self.worker._arriving)).close)
        return theirs

    def turn(self, seconds: float = 0.0) -> None:
        """Let time go by, look at what has come, and give up whose time is over."""
        self.now += seconds
        self.worker.wait_for_and_dispatch_events(0)
        self.worker.murder_pending()

    def answer(self, conn: Connection, content: bytes = b"", *, is_kept: bool = False) -> None:
        """Have a thread be done with a connection's request."""
        conn.arrival.hand_over()
        conn.sock.sendall(content)
        done: Future[bool] = Future()
        done.set_result(is_kept)
        self.worker.finish_request(conn, done)


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    with ExitStack() as stack:
        made = Loop(stack)
        monkeypatch.setattr(server, "time", SimpleNamespace(monotonic=lambda: made.now))
        yield made


class TestArriving:
    def test_is_given_up_after_a_time_whoever_comes_meanwhile(self, loop: Loop) -> None:
        slow = loop.connect()
        for byte in b"GET / HTTP/1.1\r\nX"[:8]:
            slow.send(bytes([byte]))
            loop.turn(4)
            loop.connect()
        assert slow.recv(100).startswith(b"HTTP/1.1 400 ")
        assert loop.handled == []

    def test_costs_whoever_holds_most_when_there_is_no_room(
        self, loop: Loop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server, "BUFFER_BYTES", 10_000)
        large, small = loop.connect(), loop.connect()
        large.send(HEAD % 20_000 + b"x" * 9_900)
        loop.turn()
        small.send(HEAD % 2)
        loop.turn()
        assert large.recv(100).startswith(b"HTTP/1.1 503 ")
        small.send(b"{}")
        loop.turn()
        assert len(loop.handled) == 1
        assert loop.worker._buffered == len(HEAD % 2) + 2

    def test_is_not_waited_for_at_a_stop(self, loop: Loop) -> None:
        slow, idle = loop.connect(), loop.connect()
        slow.send(b"GET ")
        loop.turn()
        loop.worker._cap_keepalive(loop.now + 2)
        assert [conn.timeout for conn in loop.worker.keepalived_conns] == [loop.now + 2]
        loop.turn(4)
        slow.send(b"/")
        idle.send(b"GET ")
        loop.turn()
        loop.turn(1.1)
        for client in (slow, idle):
            assert client.recv(100).startswith(b"HTTP/1.1 400 ")


class TestWaiting:
    def test_counts_until_it_is_answered(self, loop: Loop) -> None:
        request = HEAD % 100 + b"x" * 100
        for client in [loop.connect() for _ in range(3)]:
            client.send(request)
        loop.turn()
        assert len(loop.handled) == 1
        assert loop.worker._buffered == 3 * len(request)
        for done in range(3):
            loop.answer(loop.handled[done])
        assert loop.worker._buffered == 0

    def test_is_refused_for_want_of_room(self, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server, "BUFFER_BYTES", 1_000)
        first, second, third = (loop.connect() for _ in range(3))
        for client, length in ((first, 200), (second, 300), (third, 400)):
            client.send(HEAD % length + b"x" * length)
            loop.turn()
        assert third.recv(100).startswith(b"HTTP/1.1 503 ")
        loop.answer(loop.handled[0])
        assert len(loop.handled) == 2


class TestUnread:
    CONTENT = bytes(range(256)) * 10_000

    def test_is_sent_as_it_is_read(self, loop: Loop) -> None:
        client = loop.connect()
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        loop.turn()
        loop.answer(loop.handled[0], self.CONTENT, is_kept=True)
        assert loop.handled[0].sock.unsent
        received = bytearray()
        while len(received) < len(self.CONTENT):
            received += client.recv(65_536)
            loop.turn()
        assert received == self.CONTENT
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        loop.turn()
        assert len(loop.handled) == 2

    def test_is_given_up_after_a_time(self, loop: Loop) -> None:
        loop.connect().send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        loop.turn()
        loop.answer(loop.handled[0], self.CONTENT, is_kept=True)
        loop.turn(server.SENDING_SECONDS - 1)
        assert loop.worker.nr_conns == 1
        loop.turn(1)
        assert loop.worker.nr_conns == 0

    def test_is_thrown_away_for_want_of_room(
        self, loop: Loop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server, "BUFFER_BYTES", int(1.5 * len(self.CONTENT)))
        for number in range(2):
            loop.connect().send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            loop.turn()
            loop.answer(loop.handled[number], self.CONTENT, is_kept=True)
        assert loop.worker.nr_conns == 1


class TestEnd:
    def test_comes_when_nobody_is_left_to_replace_the_worker(self, loop: Loop) -> None:
        loop.worker.alive = True
        assert loop.worker.is_parent_alive()
        loop.worker.ppid = 1
        assert not loop.worker.is_parent_alive()
        assert not loop.worker.alive

    def test_closes_the_listeners_once(self, loop: Loop) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        loop.worker.sockets = [listener]
        loop.worker.set_accept_enabled(True)
        client = socket.create_connection(listener.getsockname())
        loop.worker.alive = False
        for _ in range(2):
            loop.worker.set_accept_enabled(False)
        (accepted,) = loop.worker._arriving
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(client.getpeername())
        client.close()
        accepted.close()


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EMFILE, errno.ECONNABORTED, errno.EPROTO])
def test_survives_whom_it_cannot_accept(loop: Loop, number: int) -> None:
    def accept() -> None:
        raise OSError(number, os.strerror(number))

    loop.worker.accept(SimpleNamespace(accept=accept))
    assert loop.worker.nr_conns == 0
