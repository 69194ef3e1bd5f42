"""What happens around every call, written once for both clients."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast
from uuid import uuid4

import httpx

from . import operations
from .about import USER_AGENT
from .answers import code_of, read
from .failures import ConnectionFailed
from .models import TokenPair
from .operation import Arguments, Operation
from .retry import Attempts, Retry
from .session import Session, not_logged_in
from .tokens import AsyncTokenStore, Tokens, TokenStore
from .transport import Transport

logger = logging.getLogger(__package__)

T = TypeVar("T")


class Core:
    """Calls operations with the tokens of one session."""

    def __init__(
        self,
        base_url: str,
        transport: Transport,
        *,
        store: TokenStore | AsyncTokenStore,
        retry: Retry,
        user_agent: str,
        clock: Callable[[], float],
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._transport = transport
        self._retry = retry
        self._clock = clock
        self._user_agent = f"{user_agent} {USER_AGENT}".strip()
        self.session = Session(store, transport, self._exchange, clock)

    async def call(self, operation: Operation[T], arguments: Arguments) -> T:
        """Call an operation, with the access token if it wants one.

        Raises:
            ApiError: the service refuses.
            ConnectionFailed: no answer came.
            UnexpectedAnswer: something else answered.
        """
        attempts = Attempts(self._retry, self._clock)
        arguments = await self._completed(operation, arguments)
        tokens = await self.session.current() if operation.is_private else None
        response = await self._answer(operation, arguments, tokens, attempts)
        if tokens and code_of(response) == "token_expired":
            tokens = await self.session.renewed(tokens)
            response = await self._answer(operation, arguments, tokens, attempts)
        if tokens and code_of(response) == "session_revoked":
            await self.session.end(tokens)
            if operation.ends_session and attempts.lost_an_answer:
                return cast("T", None)  # it has ended as it should; only the answer was lost
        result = read(operation, arguments, response)
        await self._remembered(operation, result)
        return result

    async def refresh(self) -> None:
        """Exchange the kept tokens now."""
        tokens = await self.session.kept()
        if tokens is None:
            raise not_logged_in(operations.AUTH_REFRESH.id)
        await self.session.renewed(tokens)

    async def _exchange(self, tokens: Tokens) -> TokenPair:
        operation = operations.AUTH_REFRESH
        arguments = Arguments(body={"refresh": tokens.refresh}, idempotency_key=tokens.refresh_key)
        attempts = Attempts(self._retry, self._clock)
        return read(operation, arguments, await self._answer(operation, arguments, None, attempts))

    async def _remembered(self, operation: Operation[object], result: object) -> None:
        """What a success means for the tokens."""
        if isinstance(result, TokenPair):
            await self.session.begin(result)
        if operation.ends_session:
            await self.session.end()

    async def _completed(self, operation: Operation[object], arguments: Arguments) -> Arguments:
        """One key for all attempts, and the refresh token where it is asked for."""
        if operation.takes_key and arguments.idempotency_key is None:
            arguments = replace(arguments, idempotency_key=uuid4().hex)
        if operation.sends_refresh and (tokens := await self.session.kept()):
            arguments = replace(arguments, body={"refresh": tokens.refresh})
        return arguments

    async def _answer(
        self,
        operation: Operation[object],
        arguments: Arguments,
        tokens: Tokens | None,
        attempts: Attempts,
    ) -> httpx.Response:
        """The answer, after as many attempts as it takes."""
        request = self._request(operation, arguments, tokens)
        while True:
            outcome: httpx.Response | httpx.RequestError
            try:
                outcome = await self._transport.send(request)
            except httpx.RequestError as error:
                outcome = error
            pause = attempts.pause(operation, outcome)
            if pause is None:
                return self._arrived(operation, outcome)
            logger.info("%s again in %.1f s after %s", operation.id, pause, _name(outcome))
            await self._transport.sleep(pause)

    def _request(
        self, operation: Operation[object], arguments: Arguments, tokens: Tokens | None
    ) -> httpx.Request:
        headers = {"Accept": "application/json", "User-Agent": self._user_agent}
        if tokens:
            headers["Authorization"] = f"Bearer {tokens.access}"
        return self._transport.http.build_request(
            operation.method,
            self._base_url + arguments.path_of(operation),
            params=arguments.parameters(),
            content=arguments.content(),
            headers=headers | arguments.headers(),
        )

    def _arrived(
        self, operation: Operation[object], outcome: httpx.Response | httpx.RequestError
    ) -> httpx.Response:
        if isinstance(outcome, httpx.RequestError):
            raise ConnectionFailed(f"{operation.id}: {_name(outcome)} {outcome}") from outcome
        return outcome


def _name(outcome: httpx.Response | httpx.RequestError) -> str:
    if isinstance(outcome, httpx.Response):
        return str(outcome.status_code)
    return type(outcome).__name__
