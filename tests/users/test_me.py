"""``GET`` and ``PATCH users/me/``."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient
from backend.users import services
from backend.users.models import User

pytestmark = pytest.mark.django_db

FIELDS = {
    "id",
    "email",
    "email_verified",
    "first_name",
    "last_name",
    "is_staff",
    "created_at",
    "updated_at",
}


def patch(account: Account, **changes: object) -> Answer:
    """Change what is named."""
    return account.client.patch("users/me/", changes, token=account.access)


class TestMeGet:
    def test_refuses_the_anonymous(self, client: ApiClient) -> None:
        answer = client.get("users/me/")
        assert (answer.status, answer.code) == (401, "not_authenticated")

    def test_shows_the_caller_and_nobody_else(self, client: ApiClient, account: Account) -> None:
        other = accounts.signed_in(client)
        assert account.me().json["email"] == account.email
        assert other.me().json["email"] == other.email

    def test_shows_the_user(self, client: ApiClient) -> None:
        email = "Ada@BÜCHER.example"
        account = accounts.signed_in(client, email=email, first_name="Ada", last_name="Lovelace")
        user = User.objects.get()
        me: dict[str, Any] = account.me().json
        for name in ("created_at", "updated_at"):
            assert me[name].endswith("Z")
            assert datetime.fromisoformat(me.pop(name)) == getattr(user, name)
        assert me == {
            "id": str(user.pk),
            "email": "ada@xn--bcher-kva.example",
            "email_verified": False,
            "first_name": "Ada",
            "last_name": "Lovelace",
            "is_staff": False,
        }

    def test_shows_no_more_to_staff(self, account: Account) -> None:
        User.objects.update(is_staff=True, is_superuser=True)
        me = account.me().json
        assert me.keys() == FIELDS
        assert me["is_staff"] is True

    def test_is_not_to_be_kept_by_caches(self, account: Account) -> None:
        assert account.me().headers["cache-control"] == "no-store"

    def test_costs_one_query(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            assert account.me().status == 200


class TestMeUpdate:
    def test_refuses_the_anonymous(self, client: ApiClient, account: Account) -> None:
        answer = client.patch("users/me/", {"first_name": "Eve"})
        assert (answer.status, answer.code) == (401, "not_authenticated")
        assert account.me().json["first_name"] == ""

    def test_leaves_everybody_else_alone(self, client: ApiClient, account: Account) -> None:
        other = accounts.signed_in(client, first_name="Grace")
        patch(account, first_name="Ada")
        assert other.me().json["first_name"] == "Grace"

    @pytest.mark.parametrize("field", ["first_name", "last_name"])
    @pytest.mark.parametrize("value", [None, 7, True, ["Ada"], {"x": "Ada"}, "x" * 151])
    def test_refuses_what_is_no_name(self, account: Account, field: str, value: object) -> None:
        answer = patch(account, **{field: value})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]

    @pytest.mark.parametrize(
        "field",
        [
            *sorted(FIELDS - {"first_name", "last_name"}),
            *("password", "is_active", "is_superuser", "session_epoch", "last_login", "x"),
        ],
    )
    def test_refuses_every_other_field(self, account: Account, field: str) -> None:
        before = User.objects.values().get()
        answer = patch(account, first_name="Ada", **{field: True})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]
        assert User.objects.values().get() == before

    def test_blames_every_field_at_once(self, account: Account) -> None:
        answer = patch(account, first_name=None, last_name=7, x=1)
        assert {*answer.errors} == {"first_name", "last_name", "x"}

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"Ada"', b"1"])
    def test_refuses_what_is_no_object(self, account: Account, body: bytes) -> None:
        json = {"Content-Type": "application/json"}
        answer = account.client.call(
            "PATCH", "users/me/", body=body, token=account.access, headers=json
        )
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["non_field_errors"]

    @pytest.mark.parametrize("escape", [rb"\u0000", rb"\ud800", rb"\udfff\ud800"])
    def test_refuses_text_that_cannot_be_stored(self, account: Account, escape: bytes) -> None:
        answer = account.client.patch(
            "users/me/", b'{"first_name": "A%sa"}' % escape, token=account.access
        )
        assert (answer.status, answer.code) == (400, "invalid_json")

    @pytest.mark.parametrize("field", ["first_name", "last_name"])
    @pytest.mark.parametrize(
        "name", ["Ada", "", " ", "x" * 150, "\U0001f600" * 150, "O'Neill; --", "<b>", "אדה", "a\tb"]
    )
    def test_changes_one_name(self, account: Account, field: str, name: str) -> None:
        before = account.me().json
        answer = patch(account, **{field: name})
        assert answer.status == 200
        assert answer.json[field] == name
        kept = {"updated_at", field}
        assert {key: answer.json[key] for key in FIELDS - kept} == {
            key: before[key] for key in FIELDS - kept
        }
        assert account.me().json == answer.json

    def test_changes_both(self, account: Account) -> None:
        patch(account, first_name="Ada", last_name="Lovelace")
        me = account.me().json
        assert (me["first_name"], me["last_name"]) == ("Ada", "Lovelace")

    def test_raises_updated_at(self, account: Account) -> None:
        moment = timezone.now()
        answer = patch(account, first_name="Ada")
        assert moment <= datetime.fromisoformat(answer.json["updated_at"]) <= timezone.now()

    def test_leaves_everything_when_nothing_is_named(self, account: Account) -> None:
        before = account.me().json
        answer = patch(account)
        assert (answer.status, answer.json) == (200, before)
        assert account.me().json == before

    def test_overwrites_nothing_that_changed_meanwhile(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save = User.save

        def save_late(user: User, **options: Any) -> None:
            User.objects.update(last_name="Lovelace", is_staff=True, email_verified=True)
            save(user, **options)

        monkeypatch.setattr(User, "save", save_late)
        patch(account, first_name="Ada")
        kept = User.objects.get()
        assert (kept.first_name, kept.last_name) == ("Ada", "Lovelace")
        assert kept.is_staff
        assert kept.email_verified

    def test_tells_somebody_who_is_deleted_meanwhile_that_the_session_has_ended(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hold = services._hold

        def hold_late(user_id: UUID) -> User | None:
            User.objects.all().delete()
            return hold(user_id)

        monkeypatch.setattr(services, "_hold", hold_late)
        answer = patch(account, first_name="Ada")
        assert (answer.status, answer.code) == (401, "session_revoked")

    def test_costs_three_queries_and_a_transaction(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(5):  # the bearer; a transaction around row and names
            patch(account, first_name="Ada", last_name="Lovelace")
