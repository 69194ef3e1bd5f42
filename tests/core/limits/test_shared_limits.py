"""Limits of several processes: shared through Redis, and without it."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count

import pytest
from pytest_django import Settings

from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient
from backend.testing.limits import Limits
from backend.testing.races import at_once
from tests.core.limits.limited import (
    HEADERS,
    guess,
    limit_of,
    log_in,
)
from tests.service import Service, running

pytestmark = pytest.mark.django_db


class TestWithoutRedis:
    """A server that refuses connections: nothing waits, accounts stay protected."""

    @pytest.fixture(autouse=True)
    def _away(self, limits: Limits, settings: Settings) -> None:
        settings.LIMITS_REDIS_URL = "redis://127.0.0.1:1/0"

    def test_auth_routes_are_limited_by_the_process(
        self, client: ApiClient, limits: Limits
    ) -> None:
        limits.set(login=(2, 60), default=(2, 60))
        for path in ("auth/login/", "auth/refresh/"):
            assert [client.post(path, {}).status for _ in range(3)] == [400, 400, 429]

    def test_guesses_are_limited_by_the_process(
        self, client: ApiClient, ada: Account, limits: Limits
    ) -> None:
        limits.set(login_failures=(2, 60))
        assert [log_in(client).status for _ in range(3)] == [200] * 3
        assert [guess(client).status for _ in range(3)] == [401, 401, 429]
        assert log_in(client).status == 429

    def test_the_rest_goes_on_without_a_limit_and_says_so(
        self, account: Account, limits: Limits
    ) -> None:
        limits.set(default=(2, 60))
        for _ in range(6):
            answer = account.me()
            assert answer.status == 200
            assert not HEADERS & answer.headers.keys()

    def test_nobody_waits(self, account: Account, limits: Limits) -> None:
        limits.set(default=(2, 60))
        account.me()
        started = time.perf_counter()
        for _ in range(20):
            account.me()
        assert time.perf_counter() - started < 1.0


QUOTA = 20


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(
        RATE_LIMIT_LOGIN=f"{QUOTA}/min",
        RATE_LIMIT_LOGIN_FAILURES="5/5min",
        TRUSTED_PROXIES="127.0.0.1",
        GUNICORN_WORKERS="2",
    ) as started:
        yield started


def redis_was_there(lines: Sequence[str], since: int) -> bool:
    """Whether no worker was without Redis, or still had to find out that it is back."""
    told = [line for line in lines[:since] if '"redis is ' in line]
    left = [line for line in told if "redis is away" in line]
    return 2 * len(left) == len(told) and not any('"redis is ' in line for line in lines[since:])


@pytest.mark.postgresql
class TestOverTheWire:
    """Two processes, one count."""

    CROWD = 100
    _addresses = count(1)

    def crowd(self, service: Service, call: Callable[[ApiClient, str], int]) -> Sequence[int]:
        """What a hundred callers from one new address are answered, all at once.

        A worker that had to wait for a core longer than Redis may take counts for itself for a
        second, as it should. That is not the subject, so such a round does not count.
        """
        for _ in range(4):
            seen = len(service.lines())
            address = f"198.51.100.{next(self._addresses)}"
            clients = [service.client() for _ in range(self.CROWD)]
            found = at_once([partial(call, client, address) for client in clients])
            for client in clients:
                client.session.close()
            if redis_was_there(service.lines(), seen):
                return found
            time.sleep(1.5)
        pytest.fail("this machine is too busy to ask Redis in time")

    def test_lets_exactly_the_limit_through(self, service: Service) -> None:
        def call(client: ApiClient, address: str) -> int:
            headers = {"X-Forwarded-For": address}
            return client.post("auth/login/", {}, headers=headers).status

        found = self.crowd(service, call)
        assert found.count(400) == QUOTA
        assert found.count(429) == self.CROWD - QUOTA

    def test_lets_exactly_so_many_guesses_through(self, service: Service) -> None:
        email = accounts.register(service.client()).email

        def call(client: ApiClient, address: str) -> int:
            body = {"email": email, "password": "wrong horse battery 9"}
            return client.post("auth/login/", body, headers={"X-Forwarded-For": address}).status

        found = self.crowd(service, call)
        assert found.count(401) == 5
        assert found.count(429) == self.CROWD - 5

    def test_tells_one_caller_a_number_that_only_falls(self, service: Service) -> None:
        headers = {"X-Forwarded-For": f"198.51.100.{next(self._addresses)}"}
        left = []
        for _ in range(6):  # connections of their own, so that both workers answer
            answer = service.client().post("auth/login/", {}, headers=headers)
            left.append(limit_of(answer)[3])
        assert left == [*range(QUOTA - 1, QUOTA - 7, -1)]

    def test_writes_an_access_line_of_a_refusal(self, service: Service) -> None:
        headers = {"X-Forwarded-For": f"198.51.100.{next(self._addresses)}"}
        client = service.client()
        answers = [client.post("auth/login/", {}, headers=headers) for _ in range(QUOTA + 5)]
        refused = next(answer for answer in answers if answer.status == 429)
        lines = [json.loads(line) for line in service.lines()]
        (line,) = (line for line in lines if line.get("request_id") == refused.json["request_id"])
        assert (line["status"], line["route"]) == (429, "/api/v1/auth/login/")
        assert line["client"] == headers["X-Forwarded-For"]
