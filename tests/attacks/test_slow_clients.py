"""200 clients that send heads or bodies a byte at a time, and everybody else.

The layer that keeps them away is the service's own server, ``backend.core.server``: its threads get
requests that are complete. So it is tested without a proxy in front.
"""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from urllib.parse import urlsplit

from backend.core.server.worker import SILENCE_SECONDS
from backend.testing import accounts
from backend.testing.accounts import Account
from tests.attacks.peer import request, talk
from tests.attacks.slow import PAUSE_SECONDS, Crowd, Slow, trickling
from tests.figures import Held
from tests.service import Service
from tests.waiting import until

CLIENTS = 200
SECONDS = 10.0
PROBE_SECONDS = 0.5
LIVE = request("GET /api/v1/health/live/ HTTP/1.1", "Connection: close")


FORM = b'{"email": "' + b"a" * 2_000 + b'"}'
PARTS = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n' + b"a" * 2_000
LENGTH = f"Content-Length: {len(FORM)}"
JSON = "Content-Type: application/json"
PADDING = "X-Padding: " + "y" * 2_000


def slow_head(path: str, before: bytes = b"") -> Slow:
    """A head, from its second byte on."""
    sent = before + request(f"GET /api/v1/{path} HTTP/1.1", PADDING)
    return Slow(sent, begin=len(before) + 1)


def slow_body(path: str, *lines: str, body: bytes = FORM) -> Slow:
    """A body, whose head is there at once."""
    head = request(f"POST {path} HTTP/1.1", *lines)
    return Slow(head + body, begin=len(head))


# More of each than there are threads: a single kind that got through would be enough.
KINDS = (
    slow_head("health/live/"),
    slow_head("users/?search=ada"),
    slow_head("health/live/", before=b"\r\n"),
    slow_head("health/live/", before=request("GET /api/v1/health/live/ HTTP/1.1")),
    slow_body("/api/v1/auth/login/", JSON, LENGTH),
    slow_body("/api/v1/auth/register/", JSON, LENGTH, "Expect: 100-continue"),
    # Heads that hide from whoever looks for the length with less care than the parser.
    slow_body("/api/v1/auth/login/", JSON, LENGTH, "Transfer-Encoding-Of: nobody"),
    slow_body("/api/v1/auth/login/", JSON, LENGTH, "Content-Length-Of: nobody"),
    slow_body("/api/v1/auth/login/", JSON, LENGTH.replace(": ", ": 000000000000")),
    # Too large for the API, which does not read it; what other pages do with it is another matter.
    slow_body(
        "/admin/login/",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 2000000",
        f"Cookie: csrftoken={'a' * 32}",
        body=PARTS,
    ),
)
SLOW = KINDS * (CLIENTS // len(KINDS))


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


class TestSlowClients:
    def test_keep_nobody_waiting(self, service: Service, held: Held) -> None:
        client, done = service.client(), Event()
        ada = accounts.signed_in(client)
        with trickling(service.url, SLOW) as crowd, ThreadPoolExecutor(1) as pool:
            until(lambda: crowd.open == CLIENTS and crowd.sent > CLIENTS)
            others = pool.submit(live_on, ada, done)
            try:
                probes = [timed(lambda: probe(service)) for _ in every_so_often(SECONDS)]
            finally:
                done.set()
            lived = others.result(30)
        client.session.close()
        slowest = max(probes)
        # The rest is for other tests, which run on the same cores.
        assert sorted(probes)[int(len(probes) * 0.95)] < PROBE_SECONDS, crowd
        assert slowest < 4 * PROBE_SECONDS, crowd
        assert max(lived) < 10 * PROBE_SECONDS, crowd
        assert sent_their_bytes(crowd), crowd
        figure = f"probe at most {slowest * 1000:.0f} ms of {len(probes)}, login and me"
        held("200 slow clients", f"{figure} at most {max(lived) * 1000:.0f} ms")


class TestSlowReaders:
    """Who asks for much and reads nothing of it keeps no thread either."""

    READERS = 40
    ASKED = request("GET /api/v1/schema/ HTTP/1.1") * 40  # more than the kernel keeps for them

    def test_keep_nobody_waiting(self, service: Service) -> None:
        parts = urlsplit(service.url)
        with ExitStack() as stack:
            for _ in range(self.READERS):
                peer = stack.enter_context(socket.socket())
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
                peer.connect((parts.hostname, parts.port))
                peer.sendall(self.ASKED)
            for _ in every_so_often(SILENCE_SECONDS + 2):
                probe(service)
            slowest = max(timed(lambda: probe(service)) for _ in range(10))
        assert slowest < 4 * PROBE_SECONDS


def probe(service: Service) -> None:
    assert talk(service.url, LIVE).only.status == 200


def live_on(account: Account, done: Event) -> list[float]:
    """How long it takes to log in and to look at oneself, again and again."""
    seconds = []
    while not done.is_set():
        seconds.append(timed(lambda: account.log_in().require(200)))
        seconds.append(timed(lambda: account.me().require(200)))
    return seconds


def every_so_often(seconds: float) -> Iterator[None]:
    """A pause, again and again, for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.05)


def sent_their_bytes(crowd: Crowd) -> bool:
    """They were there all the time, most of them, and did what they came for."""
    return crowd.most == CLIENTS and crowd.sent > CLIENTS * SECONDS / PAUSE_SECONDS / 2
