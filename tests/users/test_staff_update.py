"""``PATCH users/{id}/``."""

import json
from datetime import datetime

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.core.ids import uuid7
from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient
from backend.testing.staff import CHANGE, VIEW, permit, promote, user_of
from backend.users.models import User
from tests import people
from tests.users.staff import PLAIN_FIELDS, STAFF_FIELDS

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: ApiClient) -> Account:
    """Staff who may view and change users."""
    return permit(people.signed_in(client), VIEW, CHANGE)


@pytest.fixture
def boss(client: ApiClient) -> Account:
    """A superuser."""
    return promote(people.signed_in(client))


@pytest.fixture
def other(client: ApiClient) -> Account:
    """Somebody else, logged in."""
    return people.signed_in(client, first_name="Ada", last_name="Lovelace")


def patch(caller: Account, whom: object, **changes: object) -> Answer:
    """Change what is named."""
    user_id = user_of(whom).pk if isinstance(whom, Account) else whom
    return caller.client.patch(f"users/{user_id}/", changes, token=caller.access)


class TestUpdate:
    def test_refuses_the_anonymous(self, client: ApiClient, other: Account) -> None:
        for user_id in (user_of(other).pk, uuid7()):
            answer = client.patch(f"users/{user_id}/", {"first_name": "Eve"})
            assert (answer.status, answer.code) == (401, "not_authenticated")
        assert user_of(other).first_name == "Ada"

    def test_refuses_the_anonymous_before_it_looks_at_the_body(self, client: ApiClient) -> None:
        assert client.patch(f"users/{uuid7()}/", b"{").status == 401

    @pytest.mark.parametrize("permissions", [None, (), (VIEW,), ("users.delete_user",)])
    def test_refuses_whoever_lacks_the_permission_for_any_id(
        self, account: Account, other: Account, permissions: tuple[str, ...] | None
    ) -> None:
        if permissions is not None:
            permit(account, *permissions)
        for whom in (other, account, uuid7()):
            answer = patch(account, whom, first_name="Eve")
            assert (answer.status, answer.code) == (403, "permission_denied")
        assert not User.objects.filter(first_name="Eve").exists()

    @pytest.mark.parametrize("body", [b"{", b"[]", b'{"first_name": 1}', b'{"x": 1}'])
    def test_refuses_them_before_it_looks_at_the_body(self, account: Account, body: bytes) -> None:
        path = f"users/{uuid7()}/"
        assert account.client.patch(path, body, token=account.access).status == 403
        text = {"Content-Type": "text/plain"}
        answer = account.client.call("PATCH", path, body=body, token=account.access, headers=text)
        assert answer.status == 403

    def test_refuses_another_type_before_it_looks_for_the_user(self, staff: Account) -> None:
        text = {"Content-Type": "text/plain"}
        answer = staff.client.call(
            "PATCH", f"users/{uuid7()}/", body=b"{}", token=staff.access, headers=text
        )
        assert (answer.status, answer.code) == (415, "unsupported_media_type")

    def test_refuses_bad_fields_before_it_looks_for_the_user(self, staff: Account) -> None:
        assert patch(staff, uuid7(), first_name=None).code == "validation_error"

    @pytest.mark.parametrize("field", ["first_name", "last_name", "is_active", "is_staff"])
    def test_refuses_null(self, boss: Account, other: Account, field: str) -> None:
        answer = patch(boss, other, **{field: None})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]

    @pytest.mark.parametrize("field", ["is_active", "is_staff"])
    @pytest.mark.parametrize("value", ["true", "", 0, 1, [], {}])
    def test_refuses_what_is_no_truth(
        self, boss: Account, other: Account, field: str, value: object
    ) -> None:
        answer = patch(boss, other, **{field: value})
        assert (answer.status, [*answer.errors]) == (400, [field])

    @pytest.mark.parametrize("field", ["first_name", "last_name"])
    @pytest.mark.parametrize("value", [1, True, ["Ada"], "x" * 151])
    def test_refuses_what_is_no_name(
        self, staff: Account, other: Account, field: str, value: object
    ) -> None:
        answer = patch(staff, other, **{field: value})
        assert (answer.status, [*answer.errors]) == (400, [field])

    @pytest.mark.parametrize(
        "field",
        [
            *sorted(STAFF_FIELDS - {"first_name", "last_name", "is_active", "is_staff"}),
            *("password", "session_epoch", "search_text", "groups", "user_permissions", "x"),
        ],
    )
    def test_refuses_every_other_field_even_of_a_superuser(
        self, boss: Account, other: Account, field: str
    ) -> None:
        before = User.objects.values().get(email=other.email)
        answer = patch(boss, other, first_name="Eve", **{field: True})
        assert (answer.status, [*answer.errors]) == (400, [field])
        assert User.objects.values().get(email=other.email) == before

    def test_does_not_know_the_unknown(self, staff: Account, boss: Account) -> None:
        for caller in (staff, boss):
            answer = patch(caller, uuid7(), first_name="Eve")
            assert (answer.status, answer.code) == (404, "not_found")

    @pytest.mark.parametrize("changes", [{"first_name": "Eve"}, {"is_active": False}, {}])
    def test_refuses_staff_who_change_a_superuser(
        self, staff: Account, boss: Account, changes: dict[str, object]
    ) -> None:
        before = User.objects.values().get(email=boss.email)
        answer = patch(staff, boss, **changes)
        assert (answer.status, answer.code) == (403, "permission_denied")
        assert User.objects.values().get(email=boss.email) == before
        assert boss.me().status == 200

    @pytest.mark.parametrize("is_staff", [True, False])
    def test_refuses_staff_who_change_staff_rights(
        self, staff: Account, other: Account, is_staff: bool
    ) -> None:
        for whom in (other, staff):
            answer = patch(staff, whom, is_staff=is_staff, first_name="Eve")
            assert (answer.status, answer.code) == (403, "permission_denied")
        assert not user_of(other).is_staff
        assert user_of(staff).is_staff
        assert not User.objects.filter(first_name="Eve").exists()

    def test_refuses_staff_who_lost_the_permission(self, staff: Account, other: Account) -> None:
        user_of(staff).user_permissions.clear()
        assert patch(staff, other, first_name="Eve").status == 403

    @pytest.mark.parametrize("through_a_group", [False, True])
    def test_changes_names_for_whoever_has_the_permission(
        self, account: Account, other: Account, through_a_group: bool
    ) -> None:
        permit(account, VIEW, CHANGE, through_a_group=through_a_group)
        before = user_of(other)
        answer = patch(account, other, first_name="Augusta")
        assert answer.status == 200
        assert answer.json.keys() == STAFF_FIELDS
        assert (answer.json["first_name"], answer.json["last_name"]) == ("Augusta", "Lovelace")
        after = user_of(other)
        assert (after.first_name, after.last_name) == ("Augusta", "Lovelace")
        assert after.session_epoch == before.session_epoch
        assert other.me().json["first_name"] == "Augusta"

    def test_changes_only_whom_it_names(self, staff: Account, other: Account) -> None:
        before = User.objects.values().get(email=staff.email)
        patch(staff, other, first_name="Eve")
        assert User.objects.values().get(email=staff.email) == before

    def test_shows_the_plain_view_to_whoever_may_change_and_not_view(
        self, account: Account, other: Account
    ) -> None:
        permit(account, CHANGE)
        answer = patch(account, other, first_name="Augusta")
        assert answer.status == 200
        assert answer.json.keys() == PLAIN_FIELDS

    def test_leaves_everything_when_nothing_is_named(self, staff: Account, other: Account) -> None:
        before = User.objects.values().get(email=other.email)
        answer = patch(staff, other)
        assert answer.status == 200
        assert User.objects.values().get(email=other.email) == before

    def test_raises_updated_at(self, staff: Account, other: Account) -> None:
        moment = timezone.now()
        answer = patch(staff, other, last_name="King")
        assert moment <= datetime.fromisoformat(answer.json["updated_at"]) <= timezone.now()

    def test_lets_a_superuser_change_everything(self, boss: Account, other: Account) -> None:
        changes = {"first_name": "", "last_name": "King", "is_staff": True, "is_active": False}
        answer = patch(boss, other, **changes)
        assert answer.status == 200
        assert {name: answer.json[name] for name in changes} == changes
        user = user_of(other)
        assert {name: getattr(user, name) for name in changes} == changes

    def test_lets_a_superuser_change_a_superuser(self, client: ApiClient, boss: Account) -> None:
        second = promote(people.signed_in(client))
        assert patch(boss, second, is_staff=False).json["is_staff"] is False
        assert patch(boss, boss, first_name="Ada").json["first_name"] == "Ada"

    def test_makes_staff_of_a_user_at_once(self, boss: Account, other: Account) -> None:
        patch(boss, other, is_staff=True)
        assert other.me().json["is_staff"] is True
        patch(boss, other, is_staff=False)
        assert other.me().json["is_staff"] is False

    def test_keeps_the_search_in_step(self, staff: Account, other: Account) -> None:
        patch(staff, other, first_name="Strauß")
        found = staff.client.get("users/?search=STRAUSS", token=staff.access)
        assert [user["email"] for user in found.json["results"]] == [other.email]
        gone = staff.client.get("users/?search=Ada", token=staff.access)
        assert gone.json["results"] == []

    def test_costs_the_caller_the_user_and_the_write(
        self, boss: Account, other: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        user_id = user_of(other).pk
        # The caller; the user; a savepoint, the write, its event, the release.
        with django_assert_num_queries(6):
            assert patch(boss, user_id, first_name="Eve").status == 200

    def test_costs_staff_two_more_for_what_they_may_view(
        self, staff: Account, other: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        user_id = user_of(other).pk
        with django_assert_num_queries(8):  # their own permissions, and those of their groups
            assert patch(staff, user_id, first_name="Eve").status == 200

    def test_costs_one_query_to_refuse(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            assert patch(account, uuid7(), first_name="Eve").status == 403


class TestDisabling:
    def test_ends_every_session_at_once(self, staff: Account, other: Account) -> None:
        second = Account(other.client, other.email)
        second.log_in()
        assert patch(staff, other, is_active=False).json["is_active"] is False
        for device in (other, second):
            assert device.me().code == "session_revoked"
            assert device.spend().code == "session_revoked"
        assert other.log_in().code == "invalid_credentials"

    def test_is_for_good_when_the_user_is_enabled_again(
        self, staff: Account, other: Account
    ) -> None:
        ended = Account(other.client, other.email, access=other.access, refresh=other.refresh)
        patch(staff, other, is_active=False)
        assert patch(staff, other, is_active=True).json["is_active"] is True
        assert ended.me().code == "session_revoked"
        assert ended.spend().code == "session_revoked"
        assert other.log_in().status == 200
        assert other.me().status == 200
        assert ended.me().code == "session_revoked"

    def test_by_enabling_somebody_active_ends_nothing(self, staff: Account, other: Account) -> None:
        patch(staff, other, is_active=True)
        assert other.me().status == 200

    def test_leaves_everybody_else_alone(self, staff: Account, other: Account) -> None:
        patch(staff, other, is_active=False)
        assert staff.me().status == 200

    def test_oneself_is_the_last_thing_one_does(self, staff: Account) -> None:
        assert patch(staff, staff, is_active=False).status == 200
        assert staff.me().code == "session_revoked"

    def test_takes_the_permission_with_it(self, boss: Account, staff: Account) -> None:
        patch(boss, staff, is_active=False)
        assert patch(staff, boss, first_name="Eve").code == "session_revoked"

    def test_writes_one_statement(
        self, boss: Account, other: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        user_id = user_of(other).pk
        with django_assert_num_queries(6) as captured:  # as any other change
            assert patch(boss, user_id, is_active=False).status == 200
        writes = [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]
        assert len(writes) == 1
        assert "session_epoch" in json.dumps(writes)
