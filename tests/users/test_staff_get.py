"""``GET users/{id}/``."""

from uuid import uuid4

import pytest
from model_bakery import baker
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
def other() -> User:
    """Somebody else."""
    user: User = baker.make(User, email="ada@example.com", first_name="Ada")
    return user


def read(caller: Account, user_id: object) -> Answer:
    """Ask for a user."""
    return caller.client.get(f"users/{user_id}/", token=caller.access)


def told(answer: Answer) -> dict[str, object]:
    """The body, less what differs from request to request."""
    varying = {"request_id", "timestamp"}
    return {name: value for name, value in answer.json.items() if name not in varying}


class TestGet:
    def test_refuses_the_anonymous(self, client: ApiClient, other: User) -> None:
        for user_id in (other.pk, uuid7()):
            answer = client.get(f"users/{user_id}/")
            assert (answer.status, answer.code) == (401, "not_authenticated")

    @pytest.mark.parametrize("user_id", ["x", "1", "me1", "%00", "00000000-0000"])
    def test_knows_no_path_without_an_id_before_it_asks_who_is_calling(
        self, client: ApiClient, user_id: str
    ) -> None:
        answer = client.get(f"users/{user_id}/")
        assert (answer.status, answer.code) == (404, "not_found")

    def test_tells_others_nothing(self, account: Account, other: User) -> None:
        hidden, unknown = read(account, other.pk), read(account, uuid7())
        assert (hidden.status, hidden.code) == (404, "not_found")
        assert told(hidden) == told(unknown)
        assert {*hidden.headers} == {*unknown.headers}

    @pytest.mark.parametrize("permissions", [(), (CHANGE,), ("users.delete_user",)])
    def test_tells_staff_with_other_permissions_nothing(
        self, account: Account, other: User, permissions: tuple[str, ...]
    ) -> None:
        permit(account, *permissions)
        assert read(account, other.pk).code == "not_found"

    def test_tells_staff_nothing_of_the_unknown(self, account: Account) -> None:
        permit(account, VIEW)
        for user_id in (uuid7(), uuid4(), "00000000-0000-0000-0000-000000000000"):
            assert read(account, user_id).code == "not_found"

    def test_shows_oneself_plainly(self, account: Account) -> None:
        answer = read(account, user_of(account).pk)
        assert answer.status == 200
        assert answer.json == account.me().json
        assert answer.json.keys() == PLAIN_FIELDS

    def test_shows_oneself_plainly_without_the_permission_whatever_the_flag(
        self, account: Account
    ) -> None:
        permit(account, CHANGE)
        assert read(account, user_of(account).pk).json.keys() == PLAIN_FIELDS

    def test_shows_oneself_in_full_with_the_permission(self, account: Account) -> None:
        permit(account, VIEW).log_in()
        answer = read(account, user_of(account).pk)
        assert answer.json.keys() == STAFF_FIELDS
        assert answer.json["last_login"] is not None
        assert account.me().json.keys() == PLAIN_FIELDS

    @pytest.mark.parametrize("through_a_group", [False, True])
    def test_shows_everybody_in_full_with_the_permission(
        self, account: Account, other: User, through_a_group: bool
    ) -> None:
        permit(account, VIEW, through_a_group=through_a_group)
        answer = read(account, other.pk)
        assert answer.status == 200
        assert answer.json.keys() == STAFF_FIELDS
        assert (answer.json["id"], answer.json["first_name"]) == (str(other.pk), "Ada")

    def test_shows_everybody_in_full_to_a_superuser(self, account: Account, other: User) -> None:
        assert read(promote(account), other.pk).json.keys() == STAFF_FIELDS

    def test_shows_the_disabled_and_superusers_to_staff(self, account: Account) -> None:
        permit(account, VIEW)
        user: User = baker.make(User, is_active=False, is_superuser=True)
        answer = read(account, user.pk).json
        assert (answer["is_active"], answer["is_superuser"]) == (False, True)

    def test_reads_an_id_in_upper_case_as_no_id(self, account: Account) -> None:
        user_id = str(user_of(account).pk).upper()
        assert read(account, user_id).status == 404

    def test_is_not_to_be_kept_by_caches(self, client: ApiClient, account: Account) -> None:
        assert read(account, user_of(account).pk).headers["cache-control"] == "no-store"
        assert client.get(f"users/{uuid7()}/").headers["cache-control"] == "no-store"

    def test_costs_one_query_for_oneself(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        user_id = user_of(account).pk
        with django_assert_num_queries(1):  # the bearer with the permission
            assert read(account, user_id).status == 200

    def test_costs_one_query_to_tell_nothing(
        self, account: Account, other: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            assert read(account, other.pk).status == 404

    def test_costs_two_queries_for_somebody_else(
        self, account: Account, other: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        permit(account, VIEW)
        with django_assert_num_queries(2):  # the bearer with the permission; the user
            assert read(account, other.pk).status == 200

    def test_answers_head_like_get(self, client: ApiClient, account: Account) -> None:
        user_id = user_of(account).pk
        path = f"users/{user_id}/"
        assert client.call("HEAD", path, token=account.access).status == 200
        assert client.call("HEAD", path).status == 401


class TestIdentity:
    def test_of_one_shows_nothing_of_another(self, client: ApiClient) -> None:
        first, second = people.signed_in(client), people.signed_in(client)
        assert read(first, user_of(first).pk).json["email"] == first.email
        assert read(first, user_of(second).pk).status == 404
