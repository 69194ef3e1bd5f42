"""Background work on bad days: workers are killed, the broker is killed, flushed, paused."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from backend.testing import accounts
from tests import postgresql, smtp
from tests.faults.broken_redis import Redis
from tests.faults.mailing import (
    arrived,
    enqueue,
    links,
    new_addresses,
    open_tasks,
    register,
    twice,
    verify,
    wait_for_all,
)
from tests.figures import Held
from tests.service import Service, running
from tests.smtp import MailServer
from tests.waiting import wait_for

pytestmark = pytest.mark.postgresql

THREADS = 8  # of a worker
BACK_SECONDS = 30.0  # after a broker or a worker is back


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    with smtp.listening(seconds_per_mail=0.02) as server:
        yield server


@pytest.fixture(scope="module")
def service(redis: Redis, mails: MailServer) -> Iterator[Service]:
    with running(**redis.variables, EMAIL_URL=mails.url, WORKER_THREADS=str(THREADS)) as started:
        yield started


class TestMail:
    def test_is_sent_within_seconds_and_carries_the_id_of_its_request(
        self, service: Service, mails: MailServer
    ) -> None:
        (to,) = new_addresses(1)
        with service.beside("worker"):
            body = {"password": accounts.PASSWORD, "password_confirm": accounts.PASSWORD}
            service.client().post(
                "auth/register/", {"email": to, **body}, headers={"X-Request-ID": "the-cause"}
            )
            wait_for_all(mails, [to], 10)
        (mail,) = mails.mails(to)
        assert mail["X-Request-ID"] == "the-cause"
        lines = [json.loads(line) for line in service.lines() if "the-cause" in line]
        messages = {line["message"] for line in lines}
        assert {"request", "security event", "task done"} <= messages
        (link,) = [word for word in _text(mail).split() if "?token=" in word]
        assert link.startswith("https://app.example.com/verify-email?token=")
        token = link.partition("=")[2]
        assert service.client().post("auth/email/verify/", {"token": token}).status == 204
        assert token not in service.log.read_text()

    def test_arrives_later_if_the_mail_server_is_away(
        self, service: Service, mails: MailServer, held: Held
    ) -> None:
        addresses = new_addresses(20)
        with service.beside("worker"):
            mails.stop()
            try:
                started = time.monotonic()
                assert register(service, addresses) == [201] * 20
                seconds_each = (time.monotonic() - started) / 20
                wait_for(lambda: "task failed" in service.log.read_text(), 10)
            finally:
                mails.start()
            seconds = wait_for_all(mails, addresses, 30)
        assert twice(mails, addresses) == []
        held(
            "Mail server away",
            f"20 of 20 registered, {seconds_each * 1000:.0f} ms each;"
            f" all mails arrived {seconds:.1f} s after it was back",
        )


class TestBroker:
    def test_may_be_away_during_200_registrations(
        self, service: Service, redis: Redis, mails: MailServer, held: Held
    ) -> None:
        addresses = new_addresses(200)
        with service.beside("worker"):
            with redis.killed():
                assert register(service, addresses) == [201] * 200
            seconds = wait_for_all(mails, addresses, BACK_SECONDS)
        assert twice(mails, addresses) == []
        held(
            "Broker away",
            f"200 of 200 registered; 200 mails, 0 of them twice, {seconds:.1f} s after it was back",
        )

    @pytest.mark.slow_fault
    def test_may_be_flushed_with_everything_in_it(
        self, service: Service, redis: Redis, mails: MailServer, held: Held
    ) -> None:
        addresses = new_addresses(200)
        enqueue(service, addresses)
        redis.flush()
        with service.beside("worker"):
            wait_for(lambda: arrived(mails, addresses) > 0, BACK_SECONDS)
            redis.flush()
            left = 200 - arrived(mails, addresses)
            seconds = wait_for_all(mails, addresses, BACK_SECONDS)
        assert twice(mails, addresses) == []
        held(
            "Broker flushed",
            f"twice, with 200 and {left} tasks in it: 200 mails, 0 of them twice,"
            f" {seconds:.1f} s after the second",
        )


class TestWorker:
    @pytest.mark.slow_fault
    def test_loses_nothing_when_it_is_killed_again_and_again(
        self, service: Service, mails: MailServer, held: Held
    ) -> None:
        people = new_addresses(100)  # a link is made for each, in one transaction with its task
        others = new_addresses(900)
        addresses = [*people, *others]
        verify(service, people)
        enqueue(service, others)
        for fifth in range(1, 6):
            with service.beside("worker") as worker:
                wait_for(lambda part=fifth: arrived(mails, addresses) >= part * 150, 30)  # type: ignore[misc]  # a default
                worker.send_signal(signal.SIGKILL)
                worker.wait(5)
        with service.beside("worker"):
            seconds = wait_for_all(mails, addresses, BACK_SECONDS)
        # At most what was under way at each of five deaths, and each the same mail again.
        again = len(twice(mails, addresses))
        assert again <= 5 * THREADS
        assert links(service, people) == dict.fromkeys(people, 1)
        assert "Nothing is waiting" in open_tasks(service)
        held(
            "Task worker killed five times",
            f"0 of 1000 tasks lost, 100 of 100 links made once, {again} mails sent again,"
            f" all under way at a death; done {seconds:.1f} s after the last",
        )

    def test_finishes_or_hands_back_when_it_is_told_to_stop(
        self, service: Service, mails: MailServer
    ) -> None:
        addresses = new_addresses(300)
        enqueue(service, addresses)
        with service.beside("worker") as worker:
            wait_for(lambda: arrived(mails, addresses) >= 50, 30)
            worker.terminate()
            assert worker.wait(30) == 0
        before = arrived(mails, addresses)
        assert before < 300
        with service.beside("worker"):
            wait_for_all(mails, addresses, 30)
        assert twice(mails, addresses) == []

    def test_shares_the_work_with_others(self, service: Service, mails: MailServer) -> None:
        addresses = new_addresses(200)
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(service.beside("worker"))
            enqueue(service, addresses)
            wait_for_all(mails, addresses, 30)
        assert twice(mails, addresses) == []

    def test_that_serves_nobody_is_told_by_health(self, service: Service) -> None:
        def told() -> tuple[str, str]:
            health = service.client().get("health/").json
            return health["checks"]["tasks"]["status"], health["status"]

        with service.beside("worker") as worker:
            wait_for(lambda: _have_been_served(service), 20)  # until then nobody misses anybody
            wait_for(lambda: told() == ("up", "healthy"), 10)
            worker.send_signal(signal.SIGSTOP)  # it is there, connected, and does nothing
            try:
                _pretend_that_a_minute_passes(service)
                wait_for(lambda: told() == ("degraded", "degraded"), 10)
            finally:
                worker.send_signal(signal.SIGCONT)
            wait_for(lambda: told() == ("up", "healthy"), 30)  # it is asked every 15 s


class TestScheduler:
    def test_has_one_leader_and_another_takes_over(self, service: Service) -> None:
        seen = len(service.lines())

        def leaders() -> list[int]:
            lines = [json.loads(line) for line in service.lines()[seen:]]
            return [line["process"] for line in lines if line["message"] == "scheduler leads"]

        with service.beside("scheduler") as first:
            wait_for(lambda: leaders() == [first.pid], 15)
            with service.beside("scheduler") as second:
                time.sleep(3)
                assert leaders() == [first.pid]
                first.send_signal(signal.SIGKILL)
                first.wait(5)
                wait_for(lambda: leaders() == [first.pid, second.pid], 20)
                purged = [line for line in service.lines()[seen:] if '"purged"' in line]
                assert len(purged) >= 1


def _have_been_served(service: Service) -> bool:
    with postgresql.connect(service.environment) as database:
        times = database.execute("SELECT served_at FROM tasks_queue").fetchall()
    return bool(times) and (None,) not in times


def _pretend_that_a_minute_passes(service: Service) -> None:
    with postgresql.connect(service.environment) as database:
        database.execute("UPDATE tasks_queue SET served_at = served_at - interval '61 seconds'")


def _text(mail: object) -> str:
    text: str = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]  # a mail
    return text
