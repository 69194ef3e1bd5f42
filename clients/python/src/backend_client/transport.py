"""The two ways to wait: by blocking the thread, or in an event loop.

All policy is written once, as coroutines. With a blocking transport they never wait for a loop, so
that ``run`` can simply run them.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

import httpx

from .failures import ConnectionFailed
from .tokens import Tokens

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, Tokens]]


class Transport(Protocol):
    """Sends, and waits."""

    @property
    def http(self) -> httpx.Client | httpx.AsyncClient:
        """What builds the requests."""

    async def send(self, request: httpx.Request) -> httpx.Response:
        """One request, and its answer."""

    async def sleep(self, seconds: float) -> None:
        """A pause."""

    async def share(self, work: Work) -> Tokens:
        """Do the work, or if it is being done already, wait for its outcome."""


class Blocking:
    """For ``Client``: any number of threads."""

    def __init__(self, http: httpx.Client, sleep: Callable[[float], None] = time.sleep) -> None:
        self.http = http
        self._sleep = sleep
        self._lock = threading.Lock()
        self._flight: Future[Tokens] | None = None

    async def send(self, request: httpx.Request) -> httpx.Response:
        """One request, and its answer."""
        return self.http.send(request)

    async def sleep(self, seconds: float) -> None:
        """A pause."""
        self._sleep(seconds)

    async def share(self, work: Work) -> Tokens:
        """Do the work, or if another thread is doing it already, wait for its outcome."""
        with self._lock:
            flight, is_ours = self._flight, self._flight is None
            if flight is None:
                flight = self._flight = Future()
        if is_ours:
            await self._fly(work, flight)
        return flight.result()

    async def _fly(self, work: Work, flight: "Future[Tokens]") -> None:
        try:
            tokens = await work()
        except BaseException as error:
            self._flight = None
            if isinstance(error, Exception):
                flight.set_exception(error)
                return
            # Ctrl-C is for one thread only.
            flight.set_exception(ConnectionFailed("the thread that refreshed was interrupted"))
            raise
        # First make room: who comes now and still finds these tokens too old wants newer ones.
        self._flight = None
        flight.set_result(tokens)


class Asyncio:
    """For ``AsyncClient``: any number of tasks of one loop."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.http = http
        self._sleep = sleep
        self._flight: asyncio.Task[Tokens] | None = None

    async def send(self, request: httpx.Request) -> httpx.Response:
        """One request, and its answer."""
        return await self.http.send(request)

    async def sleep(self, seconds: float) -> None:
        """A pause."""
        await self._sleep(seconds)

    async def share(self, work: Work) -> Tokens:
        """Do the work in a task of its own, which outlives each of those who wait for it."""
        if self._flight is None:
            self._flight = asyncio.create_task(work())
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)

    async def landed(self) -> None:
        """Wait for the work under way: a pair of tokens must not get lost."""
        if self._flight is not None:
            await asyncio.wait([self._flight])

    def _landed(self, flight: "asyncio.Task[Tokens]") -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # seen, even if all who waited have gone


def run(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns; it must not wait for a loop.

    Raises:
        TypeError: it does.
    """
    try:
        work.send(None)
    except StopIteration as done:
        outcome: T = done.value
        return outcome
    work.close()
    raise TypeError("Client needs a TokenStore that does not wait; AsyncClient takes both kinds")
