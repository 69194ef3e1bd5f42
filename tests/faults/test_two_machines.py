"""Two instances of everything on one PostgreSQL and one Redis: nothing is kept anywhere else."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from threading import Event, Thread
from typing import Self

import pytest
import requests

from backend.testing import accounts
from backend.testing.accounts import Account
from tests.faults import broken_redis
from tests.service import Service, running

pytestmark = pytest.mark.postgresql

LOOK_SECONDS = 0.1
GAP_SECONDS = 0.01
TRIES = 3


@pytest.fixture(scope="module")
def first() -> Iterator[Service]:
    with (
        broken_redis.running() as redis,
        running(
            **redis.variables,
            DRAIN_SECONDS="1",
            RATE_LIMIT_LOGIN_FAILURES="5/5min",
            RATE_LIMIT_DEFAULT="",
            TRUSTED_PROXIES="127.0.0.1",
        ) as started,
    ):
        yield started


@pytest.fixture(scope="module")
def second(first: Service) -> Iterator[Service]:
    with first.another() as started:
        yield started


def at(service: Service, somebody: Account) -> Account:
    """The same person, calling the other instance."""
    return Account(
        service.client(), somebody.email, somebody.password, somebody.access, somebody.refresh
    )


class TestSession:
    def test_goes_on_wherever_the_next_request_arrives(
        self, first: Service, second: Service
    ) -> None:
        here = accounts.signed_in(first.client())
        there = at(second, here)
        assert there.me().status == 200
        pair = there.spend()
        assert pair.status == 200
        assert here.spend().code == "refresh_token_rotated"
        assert here.me(pair.json["access"]).status == 200

    def test_that_is_ended_on_either_is_refused_on_both_at_once(
        self, first: Service, second: Service
    ) -> None:
        for one, other in ((first, second), (second, first)):
            here = accounts.signed_in(one.client())
            there = at(other, here)
            assert (here.me().status, there.me().status) == (200, 200)
            assert here.client.post("auth/logout/", token=here.access).status == 204
            assert there.me().code == here.me().code == "session_revoked"
            assert there.spend().code == "session_revoked"


class TestLimit:
    def test_is_exact_over_both(self, first: Service, second: Service) -> None:
        # A machine that is too busy for a moment is one whose Redis is away for a moment.
        assert any(guesses(first, second, number) == {401: 5, 429: 95} for number in range(TRIES))


def guesses(first: Service, second: Service, number: int) -> Counter[int]:
    """The statuses of a hundred guesses at somebody's password, all from one address."""
    somebody = accounts.register(first.client())
    body = {"email": somebody.email, "password": "wrong horse battery 9"}
    headers = {"X-Forwarded-For": f"198.51.100.{number}"}

    def guess(service: Service) -> int:
        return service.client().post("auth/login/", body, headers=headers).status

    with ThreadPoolExecutor(20) as pool:
        return Counter(pool.map(guess, [first, second] * 50))


class Balancer:
    """Sends each request to the next instance that is ready, as a proxy in front would."""

    def __init__(self, *services: Service) -> None:
        self.outcomes: Counter[str] = Counter()
        self._urls = [service.url for service in services]
        self._ready = dict.fromkeys(self._urls, True)
        self._stopped = Event()
        self._threads = [Thread(target=self._look), *(Thread(target=self._send) for _ in range(4))]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _look(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            for url in self._urls:
                try:
                    answer = requests.get(f"{url}/api/v1/health/ready/", timeout=2)
                    self._ready[url] = answer.status_code == 200
                except requests.RequestException:
                    self._ready[url] = False

    def _send(self) -> None:
        instances = cycle(self._urls)
        while not self._stopped.wait(GAP_SECONDS):
            url = next((url for url in (next(instances), next(instances)) if self._ready[url]), "")
            try:
                answer = requests.get(f"{url}/api/v1/users/me/", timeout=5)
                self.outcomes[str(answer.status_code)] += 1
            except requests.RequestException as error:
                self.outcomes[type(error).__name__] += 1


class TestRollingRestart:
    def test_fails_nothing_under_load(self, first: Service, second: Service) -> None:
        with Balancer(first, second) as balancer:
            time.sleep(1)
            first.restart()
            time.sleep(1)
            second.restart()
            time.sleep(1)
        assert [*balancer.outcomes] == ["401"], balancer.outcomes
        assert balancer.outcomes["401"] > 100
