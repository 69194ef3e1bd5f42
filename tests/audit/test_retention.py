"""What leaves the record: old rows, and where somebody called from who is gone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from model_bakery import baker
from pytest_django import DjangoAssertNumQueries

from backend.audit import retention
from backend.audit.models import SecurityEvent
from backend.core.ids import uuid7

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def days_old(*ages: int) -> list[SecurityEvent]:
    """Events of these ages, in days."""
    return [baker.make(SecurityEvent, created_at=NOW - timedelta(days=age)) for age in ages]


class TestPurge:
    def test_deletes_what_is_older(self) -> None:
        young, exact, _ = days_old(29, 30, 31)
        assert retention.purge(NOW - timedelta(days=30), 10) == 1
        assert {*SecurityEvent.objects.all()} == {young, exact}

    def test_takes_a_batch_of_the_oldest(self) -> None:
        young, _, _ = days_old(40, 60, 50)
        assert retention.purge(NOW, 2) == 2
        assert SecurityEvent.objects.get() == young
        assert retention.purge(NOW, 2) == 1
        assert retention.purge(NOW, 2) == 0

    def test_deletes_in_one_statement(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        days_old(*range(50, 70))
        with django_assert_num_queries(3 if _is_sqlite() else 5):
            # A savepoint, the purpose, the deletion, the purpose's end, the release.
            retention.purge(NOW, 10)


class TestErase:
    def test_blanks_where_somebody_called_from(self) -> None:
        user_id, other_id = uuid7(), uuid7()
        theirs = {"user_id": user_id}, {"user_id": other_id, "actor_id": user_id}
        for fields in (*theirs, {"user_id": other_id}, {"user_id": None}):
            baker.make(
                SecurityEvent,
                created_at=timezone.now(),
                ip_address="192.0.2.7",
                user_agent="curl/8",
                request_id="the-id",
                **fields,
            )
        retention.erase(user_id)
        blank = SecurityEvent.objects.filter(ip_address=None, user_agent="")
        assert {(row.user_id, row.actor_id) for row in blank} == {
            (user_id, None),
            (other_id, user_id),
        }
        assert SecurityEvent.objects.filter(user_agent="curl/8").count() == 2

    def test_keeps_ids_type_and_time(self) -> None:
        event: SecurityEvent = baker.make(
            SecurityEvent, user_id=uuid7(), session_id=uuid7(), request_id="the-id"
        )
        before = SecurityEvent.objects.values("id", "type", "created_at", "session_id").get()
        assert event.user_id is not None
        retention.erase(event.user_id)
        assert SecurityEvent.objects.get().request_id == "the-id"
        after = SecurityEvent.objects.values("id", "type", "created_at", "session_id").get()
        assert after == before


def _is_sqlite() -> bool:

    return connection.vendor == "sqlite"
