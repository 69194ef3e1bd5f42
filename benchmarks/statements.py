"""Counting SQL: a relay in front of PostgreSQL that reads what the clients ask."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

_NEGOTIATIONS = {80877103, 80877104}  # for TLS and GSSAPI: we have neither
_STATEMENTS = b"QE"  # Query, and Execute of a prepared statement


class Relay:
    """Hands everything on and counts the statements, BEGIN and COMMIT included."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.statements = 0

    @property
    def port(self) -> str:
        """Where it listens."""
        return str(self.listener.getsockname()[1])

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._address)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for target, ends in ((self._ask, (client, server)), (_copy, (server, client))):
                threading.Thread(target=target, args=ends, daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with client.makefile("rb") as asked:
            try:
                server.sendall(_startup(asked.read, client))
                while kind := asked.read(1):
                    length = asked.read(4)
                    rest = asked.read(struct.unpack("!i", length)[0] - 4)
                    if kind in _STATEMENTS:
                        with self._lock:
                            self.statements += 1
                    server.sendall(kind + length + rest)
            except (OSError, struct.error):
                pass  # somebody has hung up
        server.close()


def _startup(read: Callable[[int], bytes], client: socket.socket) -> bytes:
    """The first message, once nobody asks for encryption any more."""
    while True:
        length = read(4)
        rest = read(struct.unpack("!i", length)[0] - 4)
        if struct.unpack("!i", rest[:4])[0] not in _NEGOTIATIONS:
            return length + rest
        client.sendall(b"N")


def _copy(server: socket.socket, client: socket.socket) -> None:
    try:
        while data := server.recv(65536):
            client.sendall(data)
    except OSError:
        pass
    client.close()


@contextmanager
def counted(place: Mapping[str, str]) -> Iterator[Relay]:
    """A relay in front of the server at ``place``, until the block ends."""
    relay = Relay((place["DB_HOST"], int(place["DB_PORT"])))
    threading.Thread(target=relay.serve, daemon=True).start()
    try:
        yield relay
    finally:
        relay.listener.shutdown(socket.SHUT_RDWR)
        relay.listener.close()
