"""The scheduler: one leads, its jobs run, and nothing ends it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from backend.core import breaker
from backend.tasks import scheduler
from backend.tasks.models import Leader
from backend.tasks.scheduler import AGAIN_SECONDS, LEASE, Job, Scheduler
from backend.testing.races import at_once
from tests.conftest import Lines

HOUR = timedelta(hours=1)

type Jobs = list[str]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(scheduler, "time", made)
    return made


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """The jobs that were run; there is an hourly one, and one every minute."""
    ran: Jobs = []
    jobs = [
        Job("hourly", HOUR, lambda _: ran.append("hourly")),
        Job("often", timedelta(minutes=1), lambda _: ran.append("often")),
    ]
    monkeypatch.setattr(scheduler, "JOBS", jobs)
    return ran


def leader() -> object:
    return Leader.objects.get().holder


def run_out() -> None:
    """Let time pass until the lease is over."""
    Leader.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def failing(error: Exception) -> Callable[[object], None]:
    def run(_: object) -> None:
        raise error

    return run


@pytest.mark.django_db
class TestLead:
    def test_is_taken_by_the_first_that_comes(self, done: Jobs) -> None:
        one, other = Scheduler(), Scheduler()
        one.tick()
        other.tick()
        assert leader() == one._me
        assert done == ["hourly", "often"]

    def test_is_kept_by_renewing_the_lease(self, done: Jobs) -> None:
        one, other = Scheduler(), Scheduler()
        one.tick()
        Leader.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
        one.tick()
        until = Leader.objects.get().lease_until
        assert abs(until - timezone.now() - LEASE) < timedelta(seconds=1)
        other.tick()
        assert leader() == one._me

    def test_goes_to_another_when_the_lease_runs_out(self, done: Jobs) -> None:
        one, other = Scheduler(), Scheduler()
        one.tick()
        run_out()
        other.tick()
        assert leader() == other._me
        assert done == ["hourly", "often"] * 2

    def test_is_not_taken_back_by_who_lost_it(self, done: Jobs, log_lines: Lines) -> None:
        one, other = Scheduler(), Scheduler()
        one.tick()
        run_out()
        other.tick()
        done.clear()
        one.tick()
        one.tick()
        assert leader() == other._me
        assert done == []
        assert not one._goes_on()
        found = [
            (line["message"], line["holder"])
            for line in log_lines()
            if line["message"].startswith("scheduler ")
        ]
        assert found == [
            ("scheduler leads", str(one._me)),
            ("scheduler leads", str(other._me)),
            ("scheduler follows", str(one._me)),
        ]

    def test_comes_back_to_who_lost_it_with_all_its_jobs(self, done: Jobs) -> None:
        one, other = Scheduler(), Scheduler()
        one.tick()
        run_out()
        other.tick()
        one.tick()
        done.clear()
        run_out()
        one.tick()
        assert leader() == one._me
        assert done == ["hourly", "often"]

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("was_led", [False, True])
    def test_of_ten_at_once_goes_to_one(self, done: Jobs, was_led: bool) -> None:
        if was_led:
            Scheduler().tick()
            run_out()
            done.clear()

        def tick() -> Scheduler:
            made = Scheduler()
            made.tick()
            return made

        made = at_once([tick] * 10)
        assert [one._leads for one in made].count(True) == 1
        assert [one._me for one in made if one._leads] == [leader()]
        assert done == ["hourly", "often"]


@pytest.mark.django_db
class TestJobs:
    def test_run_at_first_and_by_their_clocks(self, done: Jobs, clock: Clock) -> None:
        one = Scheduler()
        found = []
        for seconds in (0, 2, 57.9, 0.2, 60, 3_480, 1):
            clock.now += seconds
            one.tick()
            found.append([*done])
            done.clear()
        assert found == [["hourly", "often"], [], [], ["often"], ["often"], ["hourly", "often"], []]

    def test_that_fail_run_again_soon(self, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        ran, luck = [], [OperationalError("away")]

        def purge(_: object) -> None:
            ran.append(clock.now)
            if luck:
                raise luck.pop()

        monkeypatch.setattr(scheduler, "JOBS", [Job("purge", HOUR, purge)])
        one, began = Scheduler(), clock.now
        with pytest.raises(OperationalError):
            one.tick()
        for _ in range(70):
            clock.now += 1
            one.tick()
        assert ran == [began, began + AGAIN_SECONDS]

    def test_are_told_whether_to_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found: list[bool] = []

        def run(goes_on: Callable[[], bool]) -> None:
            found.append(goes_on())
            one.stop()
            found.append(goes_on())

        monkeypatch.setattr(scheduler, "JOBS", [Job("job", HOUR, run)])
        one = Scheduler()
        one.tick()
        assert found == [True, False]

    def test_are_told_when_another_leads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found: list[bool] = []

        def run(goes_on: Callable[[], bool]) -> None:
            run_out()
            other.tick()
            found.append(goes_on())

        one, other = Scheduler(), Scheduler()
        monkeypatch.setattr(scheduler, "JOBS", [Job("job", HOUR, run)])
        with monkeypatch.context() as patch:
            patch.setattr(other, "tick", other._lead)
            one.tick()
        assert found == [False]

    def test_keep_the_lease_while_they_take_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def run(goes_on: Callable[[], bool]) -> None:
            Leader.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
            assert goes_on()
            other.tick()
            assert leader() == one._me

        one, other = Scheduler(), Scheduler()
        monkeypatch.setattr(scheduler, "JOBS", [Job("job", HOUR, run)])
        one.tick()

    def test_are_the_purge_once_an_hour(self) -> None:
        assert [(job.name, job.every) for job in scheduler.JOBS] == [("purge", HOUR)]

    def test_that_purge_say_what_they_removed(self, log_lines: Lines) -> None:
        Scheduler().tick()
        (line,) = [line for line in log_lines() if line["message"] == "purged"]
        assert (line["done_tasks"], line["ended_sessions"], line["spent_links"]) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
class TestRun:
    """A scheduler in this thread, until a job stops it."""

    @pytest.fixture(autouse=True)
    def _quickly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(scheduler, "TICK_SECONDS", 0.001)

    def test_survives_a_job_that_fails(
        self, monkeypatch: pytest.MonkeyPatch, log_lines: Lines
    ) -> None:
        one = Scheduler()
        jobs = [
            Job("bad", HOUR, failing(ValueError("a mistake"))),
            Job("worse", HOUR, failing(IntegrityError("a mistake in SQL"))),
            Job("last", HOUR, lambda _: one.stop()),
        ]
        monkeypatch.setattr(scheduler, "JOBS", jobs)
        one.run()
        errors = [line for line in log_lines() if line["message"] == "a scheduled job failed"]
        assert [line["exception"].splitlines()[-1] for line in errors] == [
            "ValueError: a mistake",
            "django.db.utils.IntegrityError: a mistake in SQL",
        ]
        assert not breaker.database.is_open

    def test_survives_a_database_that_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one, ran = Scheduler(), []
        outcomes: list[Exception] = [OperationalError("away")] * 3

        def tick() -> None:
            if outcomes:
                raise outcomes.pop()
            ran.append(1)
            one.stop()

        monkeypatch.setattr(one, "tick", tick)
        one.run()
        assert ran == [1]

    def test_resigns_when_it_stops_so_that_another_leads_at_once(
        self, monkeypatch: pytest.MonkeyPatch, log_lines: Lines
    ) -> None:
        one, other = Scheduler(), Scheduler()
        monkeypatch.setattr(scheduler, "JOBS", [Job("job", HOUR, lambda _: one.stop())])
        one.run()
        assert leader() == one._me
        other.tick()
        assert leader() == other._me
        messages = [line["message"] for line in log_lines() if "holder" not in line]
        assert [message for message in messages if message.startswith("scheduler ")] == [
            "scheduler started",
            "scheduler stopped",
        ]

    def test_takes_the_lead_from_nobody_when_it_stops(self, done: Jobs) -> None:
        one, other = Scheduler(), Scheduler()
        other.tick()
        one.stop()
        one.run()
        Scheduler().tick()
        assert leader() == other._me

    def test_ends_without_a_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def manager() -> None:
            raise OperationalError("away")

        one = Scheduler()
        one.stop()
        monkeypatch.setattr(Leader.objects, "filter", lambda **_: manager())
        one.run()
