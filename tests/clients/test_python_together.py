"""Many threads, or many tasks, with one login of the Python client."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
from backend_client import MemoryTokens, Retry, errors

from tests.clients.wire import (
    async_client,
    client,
    logged_in,
    pair,
    refusal,
    user,
)

CALLERS = 20
WAIT_SECONDS = 10
LONG_ENOUGH_SECONDS = 0.3


class Accounts:
    """A service with one session, which only the second access token opens.

    ``hold`` is called before an exchange is answered; ``refuse`` makes the exchange a refusal.
    """

    def __init__(
        self, hold: Callable[[], object] = bool, refuse: httpx.Response | None = None
    ) -> None:
        self.hold = hold
        self.refuse = refuse
        self.number = 2  # of the tokens that are good; those of `logged_in()` are too old
        self.exchanges = 0
        self.refused = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/refresh/"):
            self.exchanges += 1
            self.hold()
            return self.refuse or pair(self.number)
        if request.headers["Authorization"] == f"Bearer access-{self.number}":
            return user()
        self.refused += 1
        return refusal(401, "token_expired")

    async def awaited(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/refresh/"):
            for _ in range(CALLERS):  # the others have their turn first
                await asyncio.sleep(0)
        return self(request)


class TestThreads:
    def call_together(self, service: Accounts, tokens: MemoryTokens) -> list[str]:
        """What each of the threads got, all of them having been refused first."""
        everybody = threading.Barrier(CALLERS)

        def answer(request: httpx.Request) -> httpx.Response:
            response = service(request)
            if response.status_code == 401 and not request.url.path.endswith("/refresh/"):
                everybody.wait(WAIT_SECONDS)
            return response

        api = client(answer, tokens=tokens, retry=Retry(attempts=1))
        with ThreadPoolExecutor(CALLERS) as pool:
            return [*pool.map(lambda _: outcome_of(api.users.me.get), range(CALLERS))]

    def test_share_one_refresh(self) -> None:
        another = threading.Event()

        def hold() -> None:
            """Give a second exchange the time to come, which it must not."""
            another.set() if service.exchanges > 1 else another.wait(LONG_ENOUGH_SECONDS)

        service = Accounts(hold)
        assert self.call_together(service, logged_in()) == ["Ada"] * CALLERS
        assert (service.refused, service.exchanges) == (CALLERS, 1)

    def test_share_the_end_of_the_session(self) -> None:
        service, tokens = Accounts(refuse=refusal(401, "session_revoked")), logged_in()
        assert self.call_together(service, tokens) == ["SessionRevoked"] * CALLERS
        assert (service.exchanges, tokens.load()) == (1, None)

    def test_are_not_all_interrupted_by_what_interrupts_one(self) -> None:
        started, waiting, tokens = threading.Event(), threading.Event(), logged_in()

        def interrupt() -> None:
            started.set()
            waiting.wait(WAIT_SECONDS)
            raise KeyboardInterrupt

        service = Accounts(hold=interrupt)
        api = client(service, tokens=tokens, retry=Retry(attempts=1))
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(outcome_of, api.auth.refresh)
            assert started.wait(WAIT_SECONDS)
            second = pool.submit(outcome_of, api.auth.refresh)
            # Whether the second has come to wait already, or comes too late and exchanges itself.
            waiting.set()
            outcomes = {first.result(), second.result()}
        assert outcomes <= {"KeyboardInterrupt", "ConnectionFailed"}
        assert tokens.load() is not None
        service.hold = bool
        assert outcome_of(api.users.me.get) == "Ada"


class TestTasks:
    def test_share_one_refresh(self) -> None:
        service = Accounts()

        async def together() -> list[str]:
            api = async_client(service.awaited, tokens=logged_in())
            users = await asyncio.gather(*(api.users.me.get() for _ in range(CALLERS)))
            return [one.first_name for one in users]

        assert asyncio.run(together()) == ["Ada"] * CALLERS
        assert (service.refused, service.exchanges) == (CALLERS, 1)

    def test_share_the_end_of_the_session(self) -> None:
        service, tokens = Accounts(refuse=refusal(401, "session_revoked")), logged_in()

        async def together() -> list[object]:
            api = async_client(service.awaited, tokens=tokens)
            calls = (api.users.me.get() for _ in range(CALLERS))
            return [*await asyncio.gather(*calls, return_exceptions=True)]

        assert {type(one) for one in asyncio.run(together())} == {errors.SessionRevoked}
        assert (service.exchanges, tokens.load()) == (1, None)

    def test_may_be_cancelled_without_the_others(self) -> None:
        service, tokens = Accounts(), logged_in(seconds=0)

        async def together() -> list[object]:
            api = async_client(service.awaited, tokens=tokens)
            calls = [asyncio.create_task(api.users.me.get()) for _ in range(3)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            calls[0].cancel()  # the one that came first, whose refresh it is
            return [*await asyncio.gather(*calls, return_exceptions=True)]

        first, *others = asyncio.run(together())
        assert isinstance(first, asyncio.CancelledError)
        assert [getattr(one, "first_name", one) for one in others] == ["Ada", "Ada"]
        assert service.exchanges == 1

    def test_leave_the_new_tokens_to_those_who_come(self) -> None:
        """The only caller goes away in the middle: the pair must not get lost with it."""
        service, tokens = Accounts(), logged_in(seconds=0)

        async def alone() -> None:
            async with async_client(service.awaited, tokens=tokens) as api:
                call = asyncio.create_task(api.users.me.get())
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                call.cancel()

        asyncio.run(alone())
        kept = tokens.load()
        assert kept is not None
        assert kept.access == "access-2"


def outcome_of(call: Callable[[], object]) -> str:
    """The first name of who was answered, or the error's."""
    try:
        return str(getattr(call(), "first_name", "nothing"))
    except BaseException as error:  # noqa: BLE001  (a KeyboardInterrupt is the subject)
        return type(error).__name__
