"""The Python client where tokens live for a second, answers get lost and calls are too many."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from backend_client import (
    AsyncClient,
    Client,
    ConnectionFailed,
    MemoryTokens,
    Retry,
    Tokens,
    errors,
)

from tests.clients import proxy
from tests.clients.proxy import Proxy
from tests.service import UNCOUNTED, Service, running
from tests.waiting import wait_for

PASSWORD = "a quiet walk by the sea"
CALLERS = 20
ME, REFRESH = "users/me/", "auth/refresh/"
# The token's second, what clocks may differ by, and a busy machine.
EXPIRED_WITHIN_SECONDS = 20


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(**UNCOUNTED, ACCESS_TOKEN_SECONDS="1", RATE_LIMIT_LOGIN="10/2s") as started:
        yield started


@pytest.fixture
def network(service: Service) -> Iterator[Proxy]:
    """What the clients see of the service."""
    with proxy.before(service.url) as started:
        yield started


@pytest.fixture
def api(network: Proxy) -> Iterator[Client]:
    """Somebody who has just logged in; their clock stands still, so they learn by being refused."""
    now = time.time()
    with Client(network.url, clock=lambda: now) as client:
        log_in(client)
        yield client


@pytest.fixture(scope="module")
def expired(service: Service) -> Callable[[], Tokens]:
    """Gives logins whose access token has expired, each once: all of them waited together."""
    with Client(service.url) as client:
        logins = [log_in(client) for _ in range(5)]
        wait_for(lambda: is_expired(service, logins[-1]), EXPIRED_WITHIN_SECONDS)
    return logins.pop


def log_in(client: Client) -> Tokens:
    """Register somebody and log them in."""
    email = f"ada.{uuid4().hex[:12]}@example.com"
    client.auth.register(email=email, password=PASSWORD, password_confirm=PASSWORD)
    client.auth.login(email=email, password=PASSWORD)
    tokens = client.tokens.load()
    assert tokens is not None
    return tokens


def is_expired(service: Service, tokens: Tokens) -> bool:
    answer = service.client().get(ME, token=tokens.access)
    return answer.status == 401 and answer.code == "token_expired"


def outcome_of(call: Callable[[], object]) -> type[object]:
    """The type of what a call returns or raises."""
    try:
        return type(call())
    except errors.ClientError as error:
        return type(error)


class TestExpiry:
    def test_in_the_middle_of_a_flow_is_not_noticed(
        self, network: Proxy, expired: Callable[[], Tokens]
    ) -> None:
        tokens = expired()
        with Client(network.url, tokens=MemoryTokens(tokens), clock=lambda: 0) as client:
            me = client.users.me.get()
            me = client.users.me.update(first_name="Ada", if_match=me)
            assert [row.current for row in client.auth.sessions.iterate()] == [True]
        assert (me.first_name, network.count(REFRESH)) == ("Ada", 1)

    def test_that_the_client_knows_of_costs_no_refusal(
        self, network: Proxy, expired: Callable[[], Tokens]
    ) -> None:
        with Client(network.url, tokens=MemoryTokens(expired())) as client:
            client.users.me.get()
        assert (network.count(REFRESH), network.count(ME, 401)) == (1, 0)

    def test_is_met_by_twenty_threads_with_one_refresh(
        self, network: Proxy, expired: Callable[[], Tokens]
    ) -> None:
        network.gather(ME, CALLERS)
        with (
            Client(network.url, tokens=MemoryTokens(expired()), clock=lambda: 0) as client,
            ThreadPoolExecutor(CALLERS) as pool,
        ):
            users = [*pool.map(lambda _: client.users.me.get(), range(CALLERS))]
        assert len({user.id for user in users}) == 1
        assert (network.count(ME, 401), network.count(ME, 200)) == (CALLERS, CALLERS)
        assert network.count(REFRESH) == 1

    def test_is_met_by_twenty_tasks_with_one_refresh(
        self, network: Proxy, expired: Callable[[], Tokens]
    ) -> None:
        network.gather(ME, CALLERS)
        store = MemoryTokens(expired())

        async def together() -> int:
            async with AsyncClient(network.url, tokens=store, clock=lambda: 0) as client:
                calls = (client.users.me.get() for _ in range(CALLERS))
                return len({user.id for user in await asyncio.gather(*calls)})

        assert asyncio.run(together()) == 1
        assert (network.count(ME, 401), network.count(ME, 200)) == (CALLERS, CALLERS)
        assert network.count(REFRESH) == 1


class TestLostAnswer:
    def test_to_a_refresh_is_recovered(self, network: Proxy, api: Client) -> None:
        network.lose(REFRESH)
        api.auth.refresh()
        api.auth.refresh()
        assert api.users.me.get().email_verified is False
        assert network.count(REFRESH) == 3

    def test_to_a_refresh_is_recovered_by_whoever_has_the_tokens(
        self, network: Proxy, api: Client
    ) -> None:
        network.lose(REFRESH, times=2)
        with Client(network.url, tokens=api.tokens, retry=Retry(attempts=2)) as first:
            assert outcome_of(first.auth.refresh) is ConnectionFailed
        api.auth.refresh()
        api.auth.refresh()
        assert api.users.me.get().first_name == ""

    def test_to_a_change_is_answered_and_not_done_again(self, network: Proxy, api: Client) -> None:
        before = api.users.me.get()
        network.lose(ME)
        after = api.users.me.update(first_name="Ada", if_match=before)
        assert after.first_name == "Ada"
        assert api.users.me.get(if_none_match=after) is after
        assert network.count(ME, 200) == 3

    def test_that_came_in_half_is_no_answer(self, network: Proxy, api: Client) -> None:
        network.cut(ME)
        assert api.users.me.update(first_name="Ada").first_name == "Ada"

    def test_to_a_registration_is_not_a_taken_address(self, network: Proxy, api: Client) -> None:
        network.lose("auth/register/")
        email = f"ada.{uuid4().hex[:12]}@example.com"
        born = api.auth.register(email=email, password=PASSWORD, password_confirm=PASSWORD)
        assert born.email == email

    def test_to_a_login_opens_no_second_session(self, network: Proxy, api: Client) -> None:
        me = api.users.me.get()
        logins = network.count("auth/login/")
        network.lose("auth/login/")
        with pytest.raises(ConnectionFailed):
            api.auth.login(email=me.email, password=PASSWORD)
        assert network.count("auth/login/") == logins + 1

    @pytest.mark.parametrize("path", ["auth/logout/", "auth/logout/all/"])
    def test_to_a_logout_leaves_nobody_logged_in(
        self, network: Proxy, api: Client, path: str
    ) -> None:
        network.lose(path)
        (api.auth.logout if path == "auth/logout/" else api.auth.logout_all)()
        assert api.tokens.load() is None
        with pytest.raises(errors.NotAuthenticated):
            api.users.me.get()

    def test_of_a_service_that_is_not_there_is_one_clear_error(self, service: Service) -> None:
        with proxy.before(service.url) as gone:
            pass
        with (
            Client(gone.url, retry=Retry(attempts=2)) as client,
            pytest.raises(ConnectionFailed, match=r"users\.me\.get: ConnectError"),
        ):
            client.users.me.get()


class TestRevokedSession:
    def test_is_one_clear_error_for_all_who_wait(
        self, network: Proxy, service: Service, expired: Callable[[], Tokens]
    ) -> None:
        tokens = expired()
        service.client().post("auth/logout/", {"refresh": tokens.refresh})
        network.gather(ME, CALLERS)
        store = MemoryTokens(tokens)
        with (
            Client(network.url, tokens=store, clock=lambda: 0) as client,
            ThreadPoolExecutor(CALLERS) as pool,
        ):
            calls = [pool.submit(outcome_of, client.users.me.get) for _ in range(CALLERS)]
            assert {call.result() for call in calls} == {errors.SessionRevoked}
        assert (store.load(), network.count(REFRESH)) == (None, 1)


class TestTooManyCalls:
    def test_wait_as_long_as_they_are_told(self, network: Proxy, api: Client) -> None:
        email, pauses = api.users.me.get().email, list[float]()
        refused = network.count("auth/login/", 429)

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            time.sleep(seconds)

        with Client(network.url, sleep=sleep) as client:
            for _ in range(100):
                client.auth.login(email=email, password=PASSWORD)
                if pauses:
                    break
        assert 1 <= pauses[0] <= 2 + 0.25
        assert network.count("auth/login/", 429) - refused == len(pauses)

    def test_are_told_at_once_if_they_will_not_wait(self, network: Proxy, api: Client) -> None:
        email = api.users.me.get().email
        with Client(network.url, retry=Retry(max_wait=0)) as client:

            def log_in_again() -> None:
                for _ in range(100):
                    client.auth.login(email=email, password=PASSWORD)

            with pytest.raises(errors.Throttled) as caught:
                log_in_again()
        assert caught.value.retry_after is not None
        assert 1 <= caught.value.retry_after <= 2
