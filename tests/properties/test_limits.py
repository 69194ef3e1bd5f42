"""Counters of both kinds, and the attempts that stand on them, against lists of times."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial

import pytest
from django.conf import settings
from django.db import DatabaseError
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pytest_django import Settings

from backend.authentication.errors import InvalidCredentials
from backend.core.errors import ServiceUnavailable
from backend.core.limits import counters, throttling
from backend.core.limits.counters import Counters, MemoryCounters, RedisCounters
from backend.testing import limits
from backend.testing.limits import PATIENCE_SECONDS
from tests.properties import profiles
from tests.properties.times import MINUTE, Clock, Times, let_pass
from tests.servers import redis_client

QUOTA, WINDOW = 3, 5 * MINUTE
TOLERANCE_SECONDS = MINUTE / 2  # of a busy machine, on whose Redis no time stands still
LIMITS = st.sampled_from([QUOTA, QUOTA, 1, 2, 5])
WINDOWS = st.sampled_from([WINDOW, WINDOW, MINUTE])
MINUTES = st.integers(1, 6)
NAMES = ("a", "b", "", "ä:\U0001f600 *")
KEYS = st.sampled_from(NAMES)

# Of the last two nothing was decided, so nothing has failed.
OUTCOMES: dict[str, type[Exception]] = {
    "fails": InvalidCredentials,
    "finds the service away": ServiceUnavailable,
    "finds the database away": DatabaseError,
}
type Wait = Callable[[str, int], None]  # of a caller; so many minutes
type Attempt = tuple[str, int]  # what comes of it, and how many minutes pass after it
ATTEMPTS = st.tuples(st.sampled_from(["fails", "fails", "succeeds", *OUTCOMES]), st.integers(0, 3))


class Windows(RuleBasedStateMachine):
    """Hits, gifts and time on counters in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.times, self.clock = Times(), Clock()
        with ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(counters, "time", self.clock)
            patch.setattr(counters, "_SWEEP_AT", 2)  # the flood that makes it tidy up is two keys
            patch.setattr(counters, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
            self.kinds = self.make(stack)
            self.open = stack.pop_all()

    def make(self, stack: ExitStack) -> list[Counters]:
        return [MemoryCounters()]

    def teardown(self) -> None:
        self.open.close()

    @rule(key=KEYS, limit=LIMITS, window=WINDOWS, times=st.integers(1, 4))
    def hit(self, key: str, limit: int, window: int, times: int) -> None:
        for _ in range(times):
            before = len(self.times.counted(key))
            wanted = self.times.hit(key, limit, window)
            for kind in self.kinds:
                found = kind.hit(key, limit=limit, window=window)
                assert (found.allowed, found.count) == (wanted.allowed, wanted.count)
                assert found.ends_in == pytest.approx(wanted.ends_in, abs=TOLERANCE_SECONDS)
                assert found.count <= limit if found.allowed else found.count == before

    @rule(key=KEYS, times=st.integers(1, 3))
    def give_back(self, key: str, times: int) -> None:
        for _ in range(times):
            self.times.give_back(key)
            for kind in self.kinds:
                kind.give_back(key)

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.times.now += minutes * MINUTE
        self.clock.move(minutes)
        self.others_wait(minutes)

    def others_wait(self, minutes: int) -> None:
        """What has no clock that could be moved."""


class WindowsOnRedis(Windows):
    """The same on Redis and in memory, hit for hit."""

    def make(self, stack: ExitStack) -> list[Counters]:
        prefix = f"{settings.LIMITS_KEY_PREFIX}:{secrets.token_hex(6)}"
        self.names = [f"{prefix}:{name}" for name in NAMES]
        self.redis = stack.enter_context(redis_client(settings.LIMITS_REDIS_URL))
        stack.callback(self.redis.delete, *self.names)
        return [MemoryCounters(), RedisCounters(settings.LIMITS_REDIS_URL, prefix=prefix)]

    def others_wait(self, minutes: int) -> None:
        let_pass(self.redis, self.names, minutes)

    @invariant()
    def no_counter_stays_for_ever(self) -> None:
        for name in self.names:
            left = self.redis.pttl(name)
            assert left == -2 or 0 <= left <= WINDOW * 1000  # there is none


class Attempts:
    """Attempts that count until they succeed, as logins do."""

    def __init__(self, wait: Wait) -> None:
        self.times = Times()
        self.caller = secrets.token_hex(8)
        self._wait = wait

    def wait(self, minutes: int) -> None:
        self.times.now += minutes * MINUTE
        self._wait(self.caller, minutes)

    def make(self, outcome: str, meanwhile: Callable[[], None]) -> None:
        """One attempt, and what happens while it is under way."""
        wanted = self.times.hit("", QUOTA, WINDOW)
        ends = self.times.ends[""]
        refused = True
        with (
            suppress(throttling.Throttled, *OUTCOMES.values()),
            throttling.attempt("login_failures", self.caller),
        ):
            refused = False
            meanwhile()
            if outcome != "succeeds":
                raise OUTCOMES[outcome]
        assert refused is not wanted.allowed
        # In a window that has begun since, the hits are others'.
        if wanted.allowed and outcome != "fails" and self.times.now < ends:
            self.times.give_back("")

    def make_all(self, attempts: list[Attempt]) -> None:
        for outcome, minutes in attempts:
            self.make(outcome, lambda: None)
            self.wait(minutes)


class TestCounters:
    def test_in_memory_count_like_a_list_of_times(self) -> None:
        run_state_machine_as_test(Windows, settings=profiles.examples(40, steps=20))

    @pytest.mark.postgresql
    def test_on_redis_count_like_those_in_memory(self) -> None:
        run_state_machine_as_test(WindowsOnRedis, settings=profiles.examples(15, steps=20))


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.postgresql)])
def wait(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Wait]:
    """Limits on counters of a kind, and what lets time pass there."""
    clock = Clock()
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(counters, "time", clock)
        patch.setattr(throttling, "time", clock)
        url = settings.LIMITS_REDIS_URL if request.param == "redis" else ""
        fresh = stack.enter_context(limits.fresh(settings, redis_url=url))
        fresh.set(login_failures=(QUOTA, WINDOW))
        server = stack.enter_context(redis_client(url)) if url else None

        def move(caller: str, minutes: int) -> None:
            clock.move(minutes)
            if server is not None:
                name = f"login_failures:{throttling._digest((caller,))}"
                let_pass(server, [f"{settings.LIMITS_KEY_PREFIX}:{name}"], minutes)

        yield move


class TestAttempts:
    @given(attempts=st.lists(st.tuples(ATTEMPTS, st.lists(ATTEMPTS, max_size=4)), max_size=12))
    @profiles.examples(30)
    def test_count_until_they_succeed_whatever_happens_meanwhile(
        self, attempts: list[tuple[Attempt, list[Attempt]]], wait: Wait
    ) -> None:
        model = Attempts(wait)
        for (outcome, minutes), others in attempts:
            model.make(outcome, partial(model.make_all, others))
            model.wait(minutes)
