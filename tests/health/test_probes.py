import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from backend.health import probes
from backend.health.probes import CACHED_SECONDS, LIMIT_SECONDS, Check, Probe, Status
from backend.tasks import canaries


class Question:
    """What a probe asks; it can be made to hang, or to fail."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Status = "up"
        self.error: Exception | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self) -> Status:
        self.asked += 1
        assert self.may_answer.wait(30)
        if self.error:
            raise self.error
        return self.answer


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

    def test_is_what_the_answer_says(self, probe: Probe, question: Question) -> None:
        question.answer = "degraded"
        found = probe.check()
        assert found.status == "degraded"
        assert found.latency_ms is not None

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
        other = Probe("other", lambda: "up")
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


@pytest.mark.django_db
class TestTasks:
    @pytest.fixture(autouse=True)
    def _connection_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is that of the test's transaction."""
        monkeypatch.setattr(connection, "close", lambda: None)

    def test_that_are_embedded_need_no_broker(self, settings: Settings) -> None:
        settings.TASKS_REDIS_URL = ""
        assert probes._ask_tasks() == "up"

    def test_whose_broker_nobody_listens_for_are_away(self, settings: Settings) -> None:
        settings.TASKS_REDIS_URL = "redis://127.0.0.1:1/0"
        with pytest.raises(Exception, match="refused"):
            probes._ask_tasks()

    @pytest.mark.postgresql
    def test_whose_broker_answers_are_there(self) -> None:
        assert probes._ask_tasks() == "up"

    def test_that_nobody_does_are_degraded(self, settings: Settings) -> None:
        settings.TASKS_REDIS_URL = ""
        settings.STARTED_AT = timezone.now() - timedelta(seconds=61)
        assert probes._ask_tasks() == "degraded"

    def test_that_cannot_be_asked_for_are_degraded(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def silent() -> list[str]:
            raise OperationalError("away")

        settings.TASKS_REDIS_URL = ""
        monkeypatch.setattr(canaries, "silent", silent)
        assert probes._ask_tasks() == "degraded"

    def test_are_not_asked_for_where_the_database_has_no_answer(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.TASKS_REDIS_URL = ""
        monkeypatch.setattr(probes.database, "begin", lambda: Check("down"))
        monkeypatch.setattr(canaries, "silent", lambda: pytest.fail("asked"))
        assert probes._ask_tasks() == "degraded"
