"""Load that arrives at a fixed rate, however slowly it is answered. Nothing is sent twice."""

import http.client
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import urlsplit

MOST_AT_ONCE = 400  # requests under way; more would not come from one program
TIMEOUT_SECONDS = 30.0
NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; status 0 and the error's kind if nothing did."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_told_to_come_back(self) -> bool:
        """Whether this is an envelope that says when to try again."""
        try:
            document = self.json
        except ValueError:
            return False
        named = {503: "service_unavailable", 429: "throttled"}.get(self.status)
        retry_after = self.headers.get("retry-after", "")
        return document.get("code") == named and retry_after.isdigit() and int(retry_after) >= 1


def send(
    url: str,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str = "",
    address: str = "",
    key: str = "",
) -> Reply:
    """One request over a connection of its own."""
    parts = urlsplit(url)
    headers = {"Connection": "close"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    headers |= {"X-Forwarded-For": address} if address else {}
    headers |= {"Idempotency-Key": key} if key else {}
    headers |= {"Content-Type": "application/json"} if body is not None else {}
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS
    )
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, f"/api/v1/{path}", content, headers)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, names, answer.read())
    except (OSError, http.client.HTTPException) as error:
        return Reply(NO_ANSWER, error=type(error).__name__)
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it was due and when its answer was complete, by the monotonic clock."""

    name: str
    due: float
    ended: float
    reply: Reply

    @property
    def seconds(self) -> float:
        """From when it was due: a request that had to wait for its turn has waited."""
        return self.ended - self.due

    @property
    def failed(self) -> bool:
        return self.reply.status == NO_ANSWER or self.reply.status >= 500

    def was_under_way(self, since: float, until: float) -> bool:
        """Whether it was sent and not yet answered at some moment of this time."""
        return self.due <= until and self.ended >= since


type Operation = Callable[[], Reply]


class Load:
    """Sends each of the operations in turn, so many in a second, until the block ends."""

    def __init__(self, operations: Sequence[tuple[str, Operation]], *, rate: float) -> None:
        self.samples: list[Sample] = []
        self._operations = cycle(operations)
        self._gap = 1 / rate
        self._ended = Event()
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="load")
        self._clock = Thread(target=self._run, name="load-clock")
        self._sent: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._clock.join()
        self._pool.shutdown()
        for sent in self._sent:
            sent.result()

    def between(self, since: float, until: float = math.inf) -> list[Sample]:
        """What was due in this time."""
        return [sample for sample in [*self.samples] if since <= sample.due < until]

    def _run(self) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            name, operation = next(self._operations)
            self._sent.append(self._pool.submit(self._send, name, operation, due))
            due += self._gap

    def _send(self, name: str, operation: Operation, due: float) -> None:
        reply = operation()
        self.samples.append(Sample(name, due, time.monotonic(), reply))


def p99(samples: Iterable[Sample]) -> float:
    """The seconds within which 99 of 100 were answered."""
    found = sorted(sample.seconds for sample in samples)
    return found[math.ceil(len(found) * 0.99) - 1]


def statuses(samples: Iterable[Sample]) -> Counter[str]:
    """How many were answered how."""
    return Counter(sample.reply.error or str(sample.reply.status) for sample in samples)


def failures(samples: Iterable[Sample]) -> list[Sample]:
    """What got a 5xx or no answer."""
    return [sample for sample in samples if sample.failed]


class Probes:
    """Asks the probes again and again until the block ends, and remembers when it heard what."""

    def __init__(self, url: str, *paths: str, every: float = 0.25) -> None:
        self.heard: dict[str, list[Sample]] = {path: [] for path in paths}
        self._url = url
        self._every = every
        self._ended = Event()
        self._threads = [Thread(target=self._ask, args=(path,)) for path in paths]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def between(self, path: str, since: float, until: float = math.inf) -> Iterator[Sample]:
        """What was asked and answered in this time."""
        for sample in self.heard[path]:
            if sample.due >= since and sample.ended < until:
                yield sample

    def _ask(self, path: str) -> None:
        while not self._ended.is_set():
            due = time.monotonic()
            reply = send(self._url, "GET", path)
            self.heard[path].append(Sample(path, due, time.monotonic(), reply))
            self._ended.wait(self._every)
