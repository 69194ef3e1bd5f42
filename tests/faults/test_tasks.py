"""Background work on bad days: workers are killed, the broker is killed, flushed, paused."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from backend.testing import accounts
from tests import smtp
from tests.faults import broken_redis
from tests.faults.broken_redis import Redis
from tests.service import Service, running
from tests.smtp import MailServer
from tests.waiting import wait_for

pytestmark = pytest.mark.postgresql

THREADS = 8  # of a worker
_numbers = count(1)


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with broken_redis.running() as started:
        yield started


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    with smtp.listening(seconds_per_mail=0.02) as server:
        yield server


@pytest.fixture(scope="module")
def service(redis: Redis, mails: MailServer) -> Iterator[Service]:
    with running(**redis.variables, EMAIL_URL=mails.url, WORKER_THREADS=str(THREADS)) as started:
        yield started


def new_addresses(amount: int) -> list[str]:
    """Addresses that nobody has used."""
    return [f"somebody{next(_numbers)}@faults.example.com" for _ in range(amount)]


def enqueue(service: Service, addresses: list[str]) -> None:
    """Have a mail sent to each, all recorded in one transaction."""
    code = (
        "from django.db import transaction; from backend.tasks.outbox import enqueue; "
        "from backend.users.tasks import say_goodbye\n"
        f"with transaction.atomic():\n    for to in {addresses!r}: enqueue(say_goodbye, to=to)"
    )
    service.manage("shell", "-c", code)


def register(service: Service, addresses: list[str]) -> list[int]:
    """The statuses of so many registrations."""
    client = service.client()
    body = {"password": accounts.PASSWORD, "password_confirm": accounts.PASSWORD}
    return [client.post("auth/register/", {"email": to, **body}).status for to in addresses]


def arrived(mails: MailServer, addresses: list[str]) -> int:
    """How many of the addresses have got their mail."""
    return len(mails.amounts().keys() & {*addresses})


def wait_for_all(mails: MailServer, addresses: list[str], seconds: float) -> float:
    return wait_for(lambda: arrived(mails, addresses) == len(addresses), seconds)


def twice(mails: MailServer, addresses: list[str]) -> list[str]:
    """Whoever got more than one mail; each must be the same mail again, by its id."""
    amounts = mails.amounts()
    again = [to for to in addresses if amounts[to] > 1]
    for to in again:
        assert len({mail["Message-ID"] for mail in mails.mails(to)}) == 1
    return again


def open_tasks(service: Service) -> str:
    return subprocess.run(
        ["./just", "tasks"],
        cwd=".",
        env=service.environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


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
        self, service: Service, mails: MailServer
    ) -> None:
        addresses = new_addresses(3)
        with service.beside("worker"):
            mails.stop()
            try:
                enqueue(service, addresses)
                wait_for(lambda: "task failed" in service.log.read_text(), 10)
            finally:
                mails.start()
            wait_for_all(mails, addresses, 15)
        assert twice(mails, addresses) == []


class TestBroker:
    def test_may_be_away_during_200_registrations(
        self, service: Service, redis: Redis, mails: MailServer
    ) -> None:
        addresses = new_addresses(200)
        with service.beside("worker"):
            with redis.killed():
                assert register(service, addresses) == [201] * 200
            wait_for_all(mails, addresses, 30)
        assert twice(mails, addresses) == []

    def test_may_be_flushed_with_everything_in_it(
        self, service: Service, redis: Redis, mails: MailServer
    ) -> None:
        addresses = new_addresses(200)
        enqueue(service, addresses)
        redis.flush()
        with service.beside("worker"):
            wait_for(lambda: arrived(mails, addresses) > 0, 30)
            redis.flush()
            wait_for_all(mails, addresses, 60)
        assert twice(mails, addresses) == []


class TestWorker:
    def test_loses_nothing_when_it_is_killed_again_and_again(
        self, service: Service, mails: MailServer
    ) -> None:
        addresses = new_addresses(1000)
        enqueue(service, addresses)
        for fifth in range(1, 6):
            with service.beside("worker") as worker:
                wait_for(lambda part=fifth: arrived(mails, addresses) >= part * 150, 30)  # type: ignore[misc]  # a default
                worker.send_signal(signal.SIGKILL)
                worker.wait(5)
        with service.beside("worker"):
            wait_for_all(mails, addresses, 30)
        # At most what was under way at each of five deaths, and each the same mail again.
        assert len(twice(mails, addresses)) <= 5 * THREADS
        assert "Nothing is waiting" in open_tasks(service)

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

    def test_that_serves_nobody_is_told_by_health(
        self, service: Service, mails: MailServer
    ) -> None:
        def status() -> str:
            found: str = service.client().get("health/").json["checks"]["tasks"]["status"]
            return found

        with service.beside("worker") as worker:
            wait_for(lambda: status() == "up", 20)
            worker.send_signal(signal.SIGSTOP)  # it is there, connected, and does nothing
            try:
                _pretend_that_a_minute_passes(service)
                wait_for(lambda: status() == "degraded", 10)
                assert service.client().get("health/").json["status"] == "degraded"
            finally:
                worker.send_signal(signal.SIGCONT)
            wait_for(lambda: status() == "up", 20)


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


def _pretend_that_a_minute_passes(service: Service) -> None:
    service.manage(
        "shell",
        "-c",
        "from datetime import timedelta; from django.db.models import F; "
        "from backend.tasks.models import Queue; "
        "Queue.objects.update(served_at=F('served_at') - timedelta(seconds=61))",
    )


def _text(mail: object) -> str:
    text: str = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]  # a mail
    return text
