"""Counters with a window: both kinds count alike, and exactly."""

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import redis
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backend.core.limits import counters
from backend.core.limits.counters import Counters, MemoryCounters, RedisCounters
from backend.testing.limits import PATIENCE_SECONDS
from backend.testing.races import at_once, elsewhere
from tests.servers import redis_client
from tests.service import ROOT

KINDS = [
    pytest.param("memory", id="memory"),
    pytest.param("redis", id="redis", marks=pytest.mark.postgresql),
]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Model:
    """What counting means: the hits of a window that began with its first one, one by one."""

    def __init__(self) -> None:
        self.hits: dict[str, list[float]] = {}
        self.ends: dict[str, float] = {}

    def hit(self, key: str, limit: int, window: int, now: float) -> tuple[bool, int, float]:
        if now >= self.ends.get(key, now):
            self.hits[key] = []
        hits = self.hits.setdefault(key, [])
        if not hits:
            self.ends[key] = now + window
        if allowed := len(hits) < limit:
            hits.append(now)
        return allowed, len(hits), self.ends[key] - now

    def give_back(self, key: str, now: float) -> None:
        if self.hits.get(key):
            self.hits[key].pop()


@pytest.fixture
def prefix() -> Iterator[str]:
    """Keys of this test alone, taken away after it."""
    name = f"{settings.LIMITS_KEY_PREFIX}:{secrets.token_hex(6)}"
    yield name
    if settings.LIMITS_REDIS_URL:
        with redis_client(settings.LIMITS_REDIS_URL) as client:
            for key in client.scan_iter(f"{name}*", count=1000):
                client.delete(key)


@pytest.fixture
def on_redis(prefix: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], RedisCounters]:
    """Makes counters that share their counts, patient ones: this machine may be busy."""
    monkeypatch.setattr(counters, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
    return lambda: RedisCounters(settings.LIMITS_REDIS_URL, prefix=prefix)


@pytest.fixture(params=KINDS)
def some(request: pytest.FixtureRequest, on_redis: Callable[[], RedisCounters]) -> Counters:
    """Counters of one kind, and then of the other."""
    return MemoryCounters() if request.param == "memory" else on_redis()


def allowed(some: Counters, key: str, *, limit: int, times: int, window: int = 60) -> int:
    """How many of so many hits count."""
    return sum(some.hit(key, limit=limit, window=window).allowed for _ in range(times))


class TestHit:
    @pytest.mark.parametrize("limit", [1, 2, 7])
    def test_counts_up_to_the_limit_and_no_further(self, some: Counters, limit: int) -> None:
        found = [some.hit("a", limit=limit, window=60) for _ in range(limit + 3)]
        assert [count.allowed for count in found] == [True] * limit + [False] * 3
        assert [count.count for count in found] == [*range(1, limit + 1), limit, limit, limit]

    def test_counts_each_key_for_itself(self, some: Counters) -> None:
        assert allowed(some, "a", limit=2, times=5) == 2
        assert allowed(some, "b", limit=2, times=5) == 2

    def test_takes_any_key(self, some: Counters) -> None:
        for key in ("", "a b", "ä:\U0001f600", "\n", "*", "x" * 10_000):
            assert allowed(some, key, limit=1, times=2) == 1

    def test_tells_when_the_window_ends(self, some: Counters) -> None:
        first = some.hit("a", limit=2, window=60).ends_in
        assert 59 < first <= 60
        time.sleep(0.05)
        for _ in range(3):  # refused hits too, and none of them moves the end
            assert 55 < some.hit("a", limit=2, window=60).ends_in < first - 0.04

    def test_begins_a_window_when_the_last_has_ended(self, some: Counters) -> None:
        assert allowed(some, "a", limit=2, times=4, window=1) == 2
        time.sleep(1.05)
        assert allowed(some, "a", limit=2, times=4, window=1) == 2

    def test_begins_a_window_with_its_first_hit_and_not_on_the_minute(self, some: Counters) -> None:
        some.hit("a", limit=2, window=1)
        time.sleep(0.6)
        assert allowed(some, "a", limit=2, times=2, window=1) == 1
        time.sleep(0.5)  # 1.1 s after the first: both are over with it
        assert allowed(some, "a", limit=2, times=3, window=1) == 2

    def test_is_not_counted_when_it_is_refused(self, some: Counters) -> None:
        allowed(some, "a", limit=2, times=50)
        some.give_back("a")
        assert allowed(some, "a", limit=2, times=3) == 1

    def test_obeys_a_limit_that_was_lowered_meanwhile(self, some: Counters) -> None:
        allowed(some, "a", limit=5, times=5)
        found = some.hit("a", limit=2, window=60)
        assert (found.allowed, found.count) == (False, 5)


class TestGiveBack:
    def test_of_what_was_never_counted_gives_nothing(self, some: Counters) -> None:
        for _ in range(3):
            some.give_back("a")
        assert allowed(some, "a", limit=2, times=5) == 2

    def test_makes_room_for_exactly_as_many(self, some: Counters) -> None:
        allowed(some, "a", limit=5, times=5)
        for _ in range(3):
            some.give_back("a")
        assert allowed(some, "a", limit=5, times=9) == 3

    def test_goes_no_lower_than_nothing(self, some: Counters) -> None:
        some.hit("a", limit=3, window=60)
        for _ in range(5):
            some.give_back("a")
        assert allowed(some, "a", limit=3, times=9) == 3

    def test_leaves_other_keys_alone(self, some: Counters) -> None:
        allowed(some, "a", limit=2, times=2)
        some.give_back("b")
        assert not some.hit("a", limit=2, window=60).allowed

    def test_does_not_lengthen_the_window(self, some: Counters) -> None:
        allowed(some, "a", limit=2, times=2, window=1)
        time.sleep(0.6)
        some.give_back("a")
        assert some.hit("a", limit=2, window=1).ends_in < 0.5

    def test_of_all_lets_the_next_hit_begin_a_window(self, some: Counters) -> None:
        some.hit("a", limit=2, window=60)
        time.sleep(0.05)
        some.give_back("a")
        assert some.hit("a", limit=2, window=60).ends_in > 59.97


type Step = tuple[str, str, float]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hit", "give back", "wait"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from([0.25, 1.0, 4.0, 9.75, 10.0, 10.25]),
    ),
    max_size=60,
)


class TestModel:
    """Any sequence of hits, gifts and waiting counts as the model says."""

    @given(steps=STEPS, limit=st.integers(1, 4))
    def test_of_a_window_is_followed_in_memory(self, steps: list[Step], limit: int) -> None:
        clock, model, some = Clock(), Model(), MemoryCounters()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(counters, "time", clock)
            for step, key, seconds in steps:
                if step == "wait":
                    clock.now += seconds
                elif step == "give back":
                    some.give_back(key)
                    model.give_back(key, clock.now)
                else:
                    found = some.hit(key, limit=limit, window=10)
                    wanted = model.hit(key, limit, 10, clock.now)
                    assert (found.allowed, found.count, found.ends_in) == pytest.approx(wanted)

    @pytest.mark.postgresql
    @given(steps=STEPS, limit=st.integers(1, 4))
    @hypothesis_settings(max_examples=40, deadline=None)
    def test_of_a_window_is_followed_on_redis(self, steps: list[Step], limit: int) -> None:
        prefix = f"{settings.LIMITS_KEY_PREFIX}:{secrets.token_hex(6)}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(counters, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
            some, model = RedisCounters(settings.LIMITS_REDIS_URL, prefix=prefix), Model()
        with redis_client(settings.LIMITS_REDIS_URL) as client:
            for step, key, seconds in steps:
                name = f"{prefix}:{key}"
                if step == "wait":  # an hour's window that ends is a key that is gone
                    if seconds >= 10:
                        client.delete(name)
                        model.hits.pop(key, None)
                elif step == "give back":
                    some.give_back(key)
                    model.give_back(key, 0)
                else:
                    found = some.hit(key, limit=limit, window=3600)
                    wanted = model.hit(key, limit, 3600, 0)[:2]
                    assert (found.allowed, found.count) == wanted
                    assert 0 < client.pttl(name) <= 3_600_000  # no counter stays for ever
            client.delete(f"{prefix}:a", f"{prefix}:b")


class TestConcurrency:
    SIZE = 100

    @pytest.mark.parametrize("limit", [1, 20, 99])
    def test_of_a_hundred_threads_lets_exactly_the_limit_through(
        self, some: Counters, limit: int
    ) -> None:
        def run() -> bool:
            return some.hit("a", limit=limit, window=60).allowed

        assert sum(at_once([run] * self.SIZE)) == limit

    def test_of_hits_and_gifts_loses_none(self, some: Counters) -> None:
        def run(number: int) -> int:
            kept = 0
            for _ in range(20):
                if some.hit("a", limit=1000, window=60).allowed:
                    kept += 1
                if number % 2:
                    some.give_back("a")
                    kept -= 1
            return kept

        kept = sum(at_once([partial(run, number) for number in range(20)]))
        assert some.hit("a", limit=1000, window=60).count == kept + 1

    @pytest.mark.postgresql
    def test_of_several_processes_lets_exactly_the_limit_through(
        self, prefix: str, on_redis: Callable[[], RedisCounters]
    ) -> None:
        script = (
            "import sys\n"
            "from backend.core.limits import counters\n"
            f"counters.TIMEOUT_SECONDS = {PATIENCE_SECONDS}\n"
            "some = counters.RedisCounters(sys.argv[1], prefix=sys.argv[2])\n"
            "print(sum(some.hit('a', limit=30, window=60).allowed for _ in range(50)))\n"
        )
        command = [sys.executable, "-c", script, settings.LIMITS_REDIS_URL, prefix]
        processes = [
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
        ]
        found = [int(process.communicate(timeout=30)[0]) for process in processes]
        assert sum(found) == 30
        assert not on_redis().hit("a", limit=30, window=60).allowed


class TestMemoryCounters:
    def test_clear_forgets_everything(self) -> None:
        some = MemoryCounters()
        allowed(some, "a", limit=1, times=1)
        some.clear()
        assert some.hit("a", limit=1, window=60).allowed

    def test_do_not_grow_with_a_flood_of_addresses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock, some = Clock(), MemoryCounters()
        monkeypatch.setattr(counters, "time", clock)
        monkeypatch.setattr(counters, "_SWEEP_AT", 100)
        for number in range(1000):
            clock.now += 1
            some.hit(str(number), limit=5, window=10)
        assert len(some._windows) <= 110

    def test_keep_the_windows_that_last_when_they_sweep(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        some = MemoryCounters()
        monkeypatch.setattr(counters, "_SWEEP_AT", 10)
        allowed(some, "kept", limit=1, times=1)
        for number in range(50):
            some.hit(str(number), limit=5, window=60)
        assert not some.hit("kept", limit=1, window=60).allowed


@pytest.mark.postgresql
class TestRedisCounters:
    def test_of_two_makers_are_the_same_counts(self, on_redis: Callable[[], RedisCounters]) -> None:
        one, other = on_redis(), on_redis()
        assert allowed(one, "a", limit=3, times=2) + allowed(other, "a", limit=3, times=9) == 3
        one.give_back("a")
        assert allowed(other, "a", limit=3, times=9) == 1

    def test_leave_other_keys_of_the_server_alone(
        self, prefix: str, on_redis: Callable[[], RedisCounters]
    ) -> None:
        on_redis().hit("a", limit=3, window=60)
        with redis_client(settings.LIMITS_REDIS_URL) as client:
            assert [*client.scan_iter(f"{prefix}*", count=1000)] == [f"{prefix}:a".encode()]

    def test_survive_a_server_that_forgot_their_scripts(
        self, on_redis: Callable[[], RedisCounters], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        some = on_redis()
        monkeypatch.setattr(some._hit, "sha", "0" * 40)
        assert some.hit("a", limit=1, window=60).allowed

    def test_survive_a_server_that_has_hung_up(self, on_redis: Callable[[], RedisCounters]) -> None:
        some = on_redis()
        some.hit("a", limit=5, window=60)
        with redis_client(settings.LIMITS_REDIS_URL) as client:
            client.client_kill_filter(_id=some._ask("CLIENT", "ID"))
        assert some.hit("a", limit=5, window=60).count == 2

    def test_close_the_connection_of_a_thread_that_ends(
        self, on_redis: Callable[[], RedisCounters]
    ) -> None:
        some = on_redis()

        def hit() -> Any:
            some.hit("a", limit=1, window=60)
            return some._connection()

        connection = elsewhere(hit)
        assert not connection.is_connected

    def test_give_up_within_moments_where_nobody_answers(self) -> None:
        some = RedisCounters("redis://127.0.0.1:1/0", prefix="x")
        started = time.perf_counter()
        for ask in (lambda: some.hit("a", limit=1, window=60), lambda: some.give_back("a")):
            with pytest.raises(redis.RedisError):
                ask()
        assert time.perf_counter() - started < 0.5
