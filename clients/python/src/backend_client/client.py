"""The two clients: one blocks, one is awaited. They offer and do the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType

import httpx
from typing_extensions import Self

from . import asynchronous, blocking
from .core import Core
from .retry import Retry
from .tokens import AsyncTokenStore, MemoryTokens, TokenStore
from .transport import Asyncio, Blocking

TIMEOUT = httpx.Timeout(15.0, connect=5.0)


class Client(blocking.Api):
    """The service, one login at a time. Any number of threads may share it.

    Args:
        base_url: Where the service is, such as ``https://api.example.com``.
        tokens: Where the tokens are kept; in memory unless you say otherwise.
        retry: How patient a call is.
        timeout: Seconds to wait for the service to go on with an answer.
        user_agent: The name of your program; users see it in the list of their sessions.
        http: An ``httpx.Client`` of yours, for certificates, proxies and such. You close it.
        clock: The time in seconds since 1970, for tests.
        sleep: How to wait, for tests.
    """

    def __init__(
        self,
        base_url: str,
        *,
        tokens: TokenStore | None = None,
        retry: Retry | None = None,
        timeout: float | httpx.Timeout = TIMEOUT,
        user_agent: str = "",
        http: httpx.Client | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.tokens: TokenStore = MemoryTokens() if tokens is None else tokens
        self._http = http or httpx.Client(timeout=timeout)
        self._is_ours = http is None
        core = Core(
            base_url,
            Blocking(self._http, sleep),
            store=self.tokens,
            retry=retry or Retry(),
            user_agent=user_agent,
            clock=clock,
        )
        super().__init__(core)

    def close(self) -> None:
        """Close the connections. The session lives on: ``auth.logout()`` ends it."""
        if self._is_ours:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(asynchronous.AsyncApi):
    """The service, one login at a time. Any number of tasks of one asyncio loop may share it.

    Args:
        base_url: Where the service is, such as ``https://api.example.com``.
        tokens: Where the tokens are kept; in memory unless you say otherwise.
        retry: How patient a call is.
        timeout: Seconds to wait for the service to go on with an answer.
        user_agent: The name of your program; users see it in the list of their sessions.
        http: An ``httpx.AsyncClient`` of yours, for certificates, proxies and such. You close it.
        clock: The time in seconds since 1970, for tests.
        sleep: How to wait, for tests.
    """

    def __init__(
        self,
        base_url: str,
        *,
        tokens: TokenStore | AsyncTokenStore | None = None,
        retry: Retry | None = None,
        timeout: float | httpx.Timeout = TIMEOUT,
        user_agent: str = "",
        http: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.tokens: TokenStore | AsyncTokenStore = MemoryTokens() if tokens is None else tokens
        self._http = http or httpx.AsyncClient(timeout=timeout)
        self._is_ours = http is None
        self._transport = Asyncio(self._http, sleep)
        core = Core(
            base_url,
            self._transport,
            store=self.tokens,
            retry=retry or Retry(),
            user_agent=user_agent,
            clock=clock,
        )
        super().__init__(core)

    async def aclose(self) -> None:
        """Close the connections. The session lives on: ``auth.logout()`` ends it."""
        await self._transport.landed()
        if self._is_ours:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
