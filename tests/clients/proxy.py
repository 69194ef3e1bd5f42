"""A bad network: it passes everything on, counts it, and loses the answers that it is told to."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

API = "/api/v1/"
WAIT_SECONDS = 30.0
# Those that are about one connection, of which there are two here.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server"}

type Fault = Literal["lose", "cut"]


@dataclass
class Fate:
    """What happens to the next answer to a path."""

    path: str
    fault: Fault


class Proxy(ThreadingHTTPServer):
    """Stands between a client and the service, at ``url``."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen: list[str] = []
        self.statuses: list[tuple[str, int]] = []
        self._fates: deque[Fate] = deque()
        self._barriers: dict[str, threading.Barrier] = {}

    def lose(self, path: str, times: int = 1) -> None:
        """The next request to the path is carried out, and its answer is lost."""
        self._fates.extend(Fate(API + path, "lose") for _ in range(times))

    def cut(self, path: str) -> None:
        """The next request to the path is carried out, and half of its answer comes through."""
        self._fates.append(Fate(API + path, "cut"))

    def gather(self, path: str, number: int) -> None:
        """The first answers to the path wait until there are so many of them."""
        self._barriers[API + path] = threading.Barrier(number)

    def count(self, path: str, status: int | None = None) -> int:
        """How many requests to the path there were, or were answered so."""
        if status is None:
            return self.seen.count(API + path)
        return self.statuses.count((API + path, status))

    def fate_of(self, path: str) -> Fault | None:
        """What is to happen to this answer, once."""
        for fate in self._fates:
            if fate.path == path:
                self._fates.remove(fate)
                return fate.fault
        return None

    def wait_for_the_others(self, path: str) -> None:
        """Until all those have come that are to be answered together."""
        barrier = self._barriers.get(path)
        if barrier is not None:
            barrier.wait(WAIT_SECONDS)
            self._barriers.pop(path, None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Every method is passed on: the server looks for ``do_GET`` and the like."""
        if name.startswith("do_"):
            return self._pass_on
        raise AttributeError(name)

    def _pass_on(self) -> None:
        path = urlsplit(self.path).path
        self.server.seen.append(path)
        status, headers, body = self._ask()
        self.server.statuses.append((path, status))
        self.server.wait_for_the_others(path)
        fault = self.server.fate_of(path)
        self.close_connection = fault is not None
        if fault != "lose":
            self._answer(status, headers, body, body[: len(body) // 2] if fault else body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Say nothing."""

    def _ask(self) -> tuple[int, list[tuple[str, str]], bytes]:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name != "Connection"}
        connection = HTTPConnection(self.server.upstream, timeout=WAIT_SECONDS)
        try:
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, sent: bytes
    ) -> None:
        self.send_response(status)
        named = [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]
        for name, value in named:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in named):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(sent)


@contextmanager
def before(upstream: str) -> Iterator[Proxy]:
    """A proxy in front of the service there, until the block ends."""
    with Proxy(upstream) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
