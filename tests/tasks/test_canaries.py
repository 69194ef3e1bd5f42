"""Canaries: is every queue served?"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from backend.health import probes
from backend.tasks import canaries, execution
from backend.tasks.canaries import ASK_EVERY, SILENT_AFTER
from backend.tasks.models import Queue
from backend.tasks.outbox import enqueue
from backend.testing.client import ApiClient
from backend.testing.races import at_once
from tests.tasks import samples

SECOND = timedelta(seconds=1)
QUEUES = ["default", "mails"]

pytestmark = pytest.mark.django_db


def serve(queue: str, *, ago: timedelta = timedelta()) -> None:
    """Have a queue served some time ago."""
    served_at = timezone.now() - ago
    Queue.objects.update_or_create(name=queue, defaults={"served_at": served_at})


class TestSilent:
    def test_is_no_queue_while_the_service_is_young(self, settings: Settings) -> None:
        settings.STARTED_AT = timezone.now() - SILENT_AFTER + 5 * SECOND
        assert canaries.silent() == []

    def test_is_every_queue_that_was_never_served(self, settings: Settings) -> None:
        settings.STARTED_AT = timezone.now() - SILENT_AFTER - SECOND
        assert canaries.silent() == QUEUES
        Queue.objects.create(name="mails", asked_at=timezone.now())  # asking is not serving
        assert canaries.silent() == QUEUES

    def test_is_no_queue_that_was_served_a_moment_ago(self, settings: Settings) -> None:
        settings.STARTED_AT = timezone.now() - timedelta(days=1)
        for queue in QUEUES:
            serve(queue, ago=SILENT_AFTER - 5 * SECOND)
        assert canaries.silent() == []

    def test_is_the_queue_that_was_served_too_long_ago(self, settings: Settings) -> None:
        settings.STARTED_AT = timezone.now()  # a new server knows better than to be patient
        serve("default")
        serve("mails", ago=SILENT_AFTER + SECOND)
        assert canaries.silent() == ["mails"]

    def test_is_no_queue_that_nobody_declares_any_more(self, settings: Settings) -> None:
        settings.STARTED_AT = timezone.now()
        serve("forgotten", ago=timedelta(days=9))
        assert canaries.silent() == []


class TestDue:
    def test_is_every_queue_at_first(self) -> None:
        assert canaries.due() == QUEUES
        assert {*Queue.objects.values_list("name", flat=True)} == {*QUEUES}

    def test_is_a_queue_every_quarter_of_a_minute(self) -> None:
        canaries.due()
        assert canaries.due() == []
        asked_at = timezone.now() - ASK_EVERY
        Queue.objects.filter(pk="mails").update(asked_at=asked_at + 2 * SECOND)
        assert canaries.due() == []
        Queue.objects.filter(pk="mails").update(asked_at=asked_at - SECOND)
        assert canaries.due() == ["mails"]
        assert canaries.due() == []

    def test_comes_often_enough_to_lose_one(self) -> None:
        assert SILENT_AFTER > 3 * ASK_EVERY

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    def test_is_told_to_one_of_many_relays(self) -> None:
        for ago in (timedelta(), ASK_EVERY + SECOND):
            Queue.objects.update(asked_at=timezone.now() - ago)
            found = [queue for queues in at_once([canaries.due] * 8) for queue in queues]
            assert sorted(found) == QUEUES


class TestServed:
    def test_is_noted_for_one_queue(self) -> None:
        canaries.due()
        canaries.served("mails")
        served = dict(Queue.objects.values_list("name", "served_at"))
        assert served["default"] is None
        assert served["mails"]
        assert abs(timezone.now() - served["mails"]) < 5 * SECOND

    def test_is_noted_every_few_seconds_at_most(
        self,
        monkeypatch: pytest.MonkeyPatch,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        canaries.due()
        canaries.served("mails")
        with django_assert_num_queries(0):
            canaries.served("mails")
        with django_assert_num_queries(1):
            canaries.served("default")
        canaries._noted["mails"] -= canaries._NOTE_EVERY_SECONDS
        with django_assert_num_queries(1):
            canaries.served("mails")

    def test_is_not_forgotten_where_nobody_has_asked_yet(self) -> None:
        canaries.served("mails")
        canaries.due()
        canaries.served("mails")
        assert Queue.objects.get(pk="mails").served_at

    def test_is_a_queue_whose_tasks_are_done(self) -> None:
        canaries.due()
        execution.run(enqueue(samples.count, number=1))
        assert Queue.objects.get(pk="default").served_at
        assert Queue.objects.get(pk="mails").served_at is None


class TestHealth:
    @pytest.fixture
    def status(
        self, client: ApiClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[], tuple[str, str]]:
        """What ``GET health/`` says of all and of the tasks.

        They are asked in this thread, whose transaction knows the rows, and each time anew.
        """
        settings.STARTED_AT = timezone.now()
        monkeypatch.setattr(connection, "close", lambda: None)
        monkeypatch.setattr(probes.tasks, "begin", probes.tasks._measure)

        def read() -> tuple[str, str]:
            answer = client.get("health/")
            assert answer.status == 200
            return answer.json["status"], answer.json["checks"]["tasks"]["status"]

        return read

    def test_is_well_while_queues_are_served(self, status: Callable[[], object]) -> None:
        for queue in QUEUES:
            serve(queue)
        assert status() == ("healthy", "up")

    def test_is_degraded_when_one_is_not(self, status: Callable[[], object]) -> None:
        serve("default")
        serve("mails", ago=SILENT_AFTER + SECOND)
        assert status() == ("degraded", "degraded")
        serve("mails")
        assert status() == ("healthy", "up")

    def test_is_degraded_when_nobody_knows(
        self, status: Callable[[], object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def silent() -> list[str]:
            raise DatabaseError

        monkeypatch.setattr(canaries, "silent", silent)
        assert status() == ("degraded", "degraded")

    def test_is_degraded_without_a_broker(
        self, status: Callable[[], object], settings: Settings
    ) -> None:
        settings.TASKS_REDIS_URL = "redis://127.0.0.1:1/0"
        assert status() == ("degraded", "down")
