from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from backend.core.breaker import Breaker
from backend.testing.races import at_once


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(0.5, clock)


def allowed_at_once(breaker: Breaker, callers: int = 16) -> int:
    """How many of several callers that ask at the same time may try."""
    return sum(at_once([breaker.allows] * callers))


class TestBreaker:
    def test_lets_everybody_through_while_all_is_well(self, breaker: Breaker) -> None:
        assert not breaker.is_open
        assert allowed_at_once(breaker) == 16

    def test_refuses_everybody_after_a_failure(self, breaker: Breaker) -> None:
        breaker.failed()
        assert breaker.is_open
        assert allowed_at_once(breaker) == 0

    def test_refuses_until_the_time_is_up(self, breaker: Breaker, clock: Clock) -> None:
        breaker.failed()
        clock.now += 0.499
        assert not breaker.allows()
        clock.now += 0.001
        assert breaker.allows()

    def test_lets_exactly_one_try_again(self, breaker: Breaker, clock: Clock) -> None:
        breaker.failed()
        for _ in range(20):
            clock.now += 0.5
            assert allowed_at_once(breaker) == 1

    def test_does_not_wait_for_one_who_never_comes_back(
        self, breaker: Breaker, clock: Clock
    ) -> None:
        breaker.failed()
        clock.now += 0.5
        assert breaker.allows()
        assert not breaker.allows()
        clock.now += 0.5
        assert breaker.allows()

    def test_closes_after_a_success(self, breaker: Breaker, clock: Clock) -> None:
        breaker.failed()
        clock.now += 0.5
        assert breaker.allows()
        assert breaker.succeeded()
        assert not breaker.is_open
        assert allowed_at_once(breaker) == 16

    def test_stays_open_after_another_failure(self, breaker: Breaker, clock: Clock) -> None:
        breaker.failed()
        clock.now += 0.5
        assert breaker.allows()
        breaker.failed()
        clock.now += 0.499
        assert not breaker.allows()

    def test_tells_of_an_outage_once(self, breaker: Breaker) -> None:
        assert [breaker.failed() for _ in range(3)] == [True, False, False]
        assert [breaker.succeeded() for _ in range(3)] == [True, False, False]

    def test_tells_of_an_outage_once_among_threads(self, breaker: Breaker) -> None:
        def report(_: int) -> tuple[bool, bool]:
            opened = breaker.failed()
            together.wait()
            return opened, breaker.succeeded()

        together = Barrier(8)
        with ThreadPoolExecutor(8) as pool:
            reports: Iterator[tuple[bool, bool]] = pool.map(report, range(8))
            opened, closed = zip(*reports, strict=True)
        assert (sum(opened), sum(closed)) == (1, 1)
