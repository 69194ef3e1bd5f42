"""The rows behind keys: held, released, forgotten."""

from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from backend.idempotency import releases
from backend.idempotency.models import ABANDONED, KEPT, Reservation
from backend.tasks.purging import purge
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient
from backend.testing.staff import permit, user_of
from backend.users import services
from backend.users.models import User
from tests.idempotency.keys import ADA, KEY, age, is_replayed, rename
from tests.waiting import until

pytestmark = pytest.mark.django_db


class TestRequestUnderWay:
    def start(self, account: Account) -> None:
        """Leave a request unanswered, as one whose process died does."""
        with (
            mock.patch("backend.idempotency.answers._act", side_effect=ConnectionError),
            mock.patch("backend.api.error_handlers.logger"),
        ):
            assert rename(account, "Ada").status == 500
        assert Reservation.objects.get().status is None

    def test_holds_its_key(self, account: Account) -> None:
        self.start(account)
        answer = rename(account, "Ada")
        assert (answer.status, answer.code) == (409, "idempotency_in_progress")
        assert answer.headers["retry-after"] == "1"
        assert rename(account, "Eve").status == 422

    def test_that_died_is_released_after_a_minute(self, account: Account) -> None:
        self.start(account)
        age(ABANDONED - timedelta(seconds=5))
        assert rename(account, "Ada").status == 409
        age(ABANDONED)
        answer = rename(account, "Ada")
        assert (answer.status, is_replayed(answer)) == (200, False)
        assert is_replayed(rename(account, "Ada"))

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    def test_that_failed_with_the_database_releases_its_key_when_that_is_back(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        release, away = releases._release, [OperationalError("away")] * 3

        def is_away(keys: dict[UUID, UUID]) -> None:
            if away:
                raise away.pop()
            release(keys)

        monkeypatch.setattr(releases, "_release", is_away)
        monkeypatch.setattr(releases, "PAUSE_SECONDS", 0.05)
        with mock.patch("backend.users.services.update_profile", side_effect=OperationalError):
            assert rename(account, "Ada").status == 503
        assert rename(account, "Ada").status == 409
        until(lambda: not Reservation.objects.exists())
        until(lambda: not releases._held)
        answer = rename(account, "Ada")
        assert (answer.status, is_replayed(answer)) == (200, False)

    def test_that_was_taken_for_dead_has_no_effect(self, account: Account) -> None:
        update_profile = services.update_profile

        def slowly(user: User, **changes: Any) -> User:
            Reservation.objects.update(attempt=uuid4())  # somebody else has taken over
            return update_profile(user, **changes)

        with mock.patch("backend.users.services.update_profile", slowly):
            answer = rename(account, "Ada")
        assert (answer.status, answer.code) == (409, "idempotency_in_progress")
        assert account.me().json["first_name"] == ""


class TestStoredAnswer:
    def test_holds_neither_key_nor_secret(self, client: ApiClient) -> None:
        client.post("auth/register/", ADA, headers=KEY)
        (row,) = Reservation.objects.values()
        assert PASSWORD not in str(row)
        assert "the-key" not in str(row)
        assert row["user_id"] is None
        assert row["subject_id"] == User.objects.get().pk

    def test_is_forgotten_with_whoever_it_shows(self, client: ApiClient) -> None:
        client.post("auth/register/", ADA, headers=KEY)
        ada, boss = Account(client, ADA["email"]), accounts.signed_in(client)
        ada.log_in()
        permit(boss, "users.change_user", "users.view_user")
        rename(ada, "Ada")
        path, body = f"users/{user_of(ada).pk}/", {"last_name": "L"}
        client.patch(path, body, token=boss.access, headers=KEY)
        rename(boss, "Boss")
        assert Reservation.objects.count() == 4 - 1, "the boss used one key twice"
        answer = client.post(
            "users/me/delete/",
            {"password": PASSWORD},
            token=ada.access,
            headers={"Idempotency-Key": "last"},
        )
        assert answer.status == 204
        (last,) = Reservation.objects.values()
        assert (last["status"], last["body"], last["subject_id"]) == (204, "", None)

    def test_is_purged_after_a_day(self, account: Account) -> None:
        rename(account, "Ada")
        assert purge(now=timezone.now() + KEPT - timedelta(minutes=1))["stored answers"] == 0
        assert purge(now=timezone.now() + KEPT + timedelta(minutes=1))["stored answers"] == 1
        assert not Reservation.objects.exists()
