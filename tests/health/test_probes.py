import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from pytest_django import Settings

from backend.health import probes
from backend.health.probes import CACHED_SECONDS, LIMIT_SECONDS, Check, Probe


class Question:
    """What a probe asks; it can be made to hang, or to fail."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self) -> None:
        self.asked += 1
        assert self.may_answer.wait(30)
        if self.error:
            raise self.error


@pytest.fixture
def question() -> Iterator[Question]:
    made = Question()
    yield made
    made.may_answer.set()  # a thread that hangs would keep Python from ending


@pytest.fixture
def probe(question: Question) -> Probe:
    return Probe("test", question)


class TestProbe:
    def test_is_up_when_there_is_an_answer(self, probe: Probe) -> None:
        found = probe.check()
        assert found.status == "up"
        assert found.latency_ms is not None
        assert 0 <= found.latency_ms < 1000

    def test_is_down_when_there_is_none(self, probe: Probe, question: Question) -> None:
        question.error = ConnectionError("postgresql://user:hunter2@10.0.0.1")
        assert probe.check() == Check("down", None)

    def test_is_asked_once_a_second(
        self, probe: Probe, question: Question, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now)
        first = probe.check()
        assert probe.check() is first
        now += CACHED_SECONDS - 0.01
        assert probe.check() is first
        assert question.asked == 1
        now += 0.02
        assert probe.check() is not first
        assert question.asked == 2

    def test_remembers_a_failure_as_long(self, probe: Probe, question: Question) -> None:
        question.error = ConnectionError()
        assert [probe.check().status for _ in range(5)] == ["down"] * 5
        assert question.asked == 1

    def test_is_asked_anew_when_forgotten(self, probe: Probe, question: Question) -> None:
        probe.check()
        probe.forget()
        probe.check()
        assert question.asked == 2

    def test_gives_up_after_a_second(self, probe: Probe, question: Question) -> None:
        question.may_answer.clear()
        started = time.monotonic()
        assert probe.check() == Check("down", None)
        assert LIMIT_SECONDS * 0.9 < time.monotonic() - started < LIMIT_SECONDS * 3

    def test_is_asked_once_at_the_same_time(self, probe: Probe, question: Question) -> None:
        question.may_answer.clear()
        started = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(lambda _: probe.check(), range(20)))
        assert {check.status for check in found} == {"down"}
        assert question.asked == 1
        assert time.monotonic() - started < LIMIT_SECONDS * 3

    def test_asks_nobody_else_while_one_question_hangs(
        self, probe: Probe, question: Question
    ) -> None:
        question.may_answer.clear()
        for _ in range(2):
            assert probe.check().status == "down"
            probe.forget()
        assert question.asked == 1

    def test_is_up_again_once_the_answer_comes(self, probe: Probe, question: Question) -> None:
        question.may_answer.clear()
        assert probe.check().status == "down"
        question.may_answer.set()
        deadline = time.monotonic() + 10
        while probe.check().status == "down" and time.monotonic() < deadline:
            probe.forget()
        assert probe.check().status == "up"

    def test_does_not_hold_up_another(self, probe: Probe, question: Question) -> None:
        question.may_answer.clear()
        other = Probe("other", lambda: None)
        with ThreadPoolExecutor(1) as pool:
            hanging = pool.submit(probe.check)
            assert other.check().status == "up"
            assert not hanging.done()
            assert hanging.result().status == "down"


class TestCache:
    def test_that_takes_nothing_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cache, "get", lambda *_, **__: None)
        with pytest.raises(ConnectionError):
            probes._ask_cache()

    def test_that_works_is_there(self) -> None:
        probes._ask_cache()


class TestBroker:
    def test_that_is_embedded_is_there(self, settings: Settings) -> None:
        settings.TASKS_REDIS_URL = ""
        probes._ask_broker()

    def test_that_nobody_listens_for_is_away(self, settings: Settings) -> None:
        settings.TASKS_REDIS_URL = "redis://127.0.0.1:1/0"
        with pytest.raises(Exception, match="refused"):
            probes._ask_broker()

    @pytest.mark.postgresql
    def test_that_answers_is_there(self) -> None:
        probes._ask_broker()
