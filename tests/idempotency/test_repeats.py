"""A request with a key has one effect, and its answer comes again."""

from unittest import mock

import pytest
from django.db import transaction

from backend.authentication.errors import AddressTaken
from backend.idempotency.models import KEPT, Reservation
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient
from backend.testing.queries import QueryBudget
from backend.testing.staff import permit, user_of
from backend.users.models import User
from tests.idempotency.keys import ADA, KEY, SOMEBODY, age, is_replayed, rename

pytestmark = pytest.mark.django_db


class TestRepeat:
    def test_gets_the_first_answer(self, account: Account) -> None:
        first, again = rename(account, "Ada"), rename(account, "Ada")
        assert (first.status, is_replayed(first)) == (200, False)
        assert (again.status, is_replayed(again)) == (200, True)
        assert again.body == first.body
        assert again.headers["etag"] == first.headers["etag"]
        assert account.me().headers["etag"] == first.headers["etag"], "changed twice"

    def test_gets_it_whatever_has_changed_since(self, account: Account) -> None:
        first = rename(account, "Ada")
        account.client.patch("users/me/", {"first_name": "Eve"}, token=account.access)
        assert rename(account, "Ada").json == first.json
        assert account.me().json["first_name"] == "Eve"

    def test_is_judged_by_its_type_before_its_key(self, account: Account) -> None:
        for key in ("a-key", "no key"):
            answer = account.client.patch(
                "users/me/", b"x", token=account.access,
                headers={"Idempotency-Key": key, "Content-Type": "text/plain"},
            )  # fmt: skip
            assert (answer.status, answer.code) == (415, "unsupported_media_type")

    def test_registers_one_account_and_mails_it_once(self, client: ApiClient) -> None:
        first = client.post("auth/register/", ADA, headers=KEY)
        again = client.post("auth/register/", ADA, headers=KEY)
        assert (first.status, again.status) == (201, 201)
        assert (again.body, is_replayed(again)) == (first.body, True)
        assert User.objects.count() == 1

    def test_gets_an_answer_without_a_body(self, account: Account) -> None:
        body = {
            "current_password": PASSWORD,
            "new_password": "another horse battery 9",
            "new_password_confirm": "another horse battery 9",
        }
        answers = [
            account.client.post("auth/password/change/", body, token=account.access, headers=KEY)
            for _ in range(2)
        ]
        assert [answer.status for answer in answers] == [204, 204]
        assert is_replayed(answers[1])
        assert "content-type" not in answers[1].headers

    def test_gets_the_same_refusal_as_an_answer_to_itself(self, client: ApiClient) -> None:
        wrong = {**ADA, "password_confirm": "something else"}
        first = client.post("auth/register/", wrong, headers=KEY | {"X-Request-ID": "one"})
        again = client.post("auth/register/", wrong, headers=KEY | {"X-Request-ID": "two"})
        assert (first.status, again.status) == (400, 400)
        assert (again.errors, again.code) == (first.errors, first.code)
        assert is_replayed(again)
        assert again.json["request_id"] == again.headers["x-request-id"] == "two"

    def test_of_a_missing_row_gets_the_same_refusal(self, account: Account) -> None:
        first, again = (
            account.client.delete(f"auth/sessions/{SOMEBODY}/", token=account.access, headers=KEY)
            for _ in range(2)
        )
        assert (first.status, again.status) == (404, 404)
        assert is_replayed(again)

    def test_of_a_lost_race_gets_the_same_refusal(self, account: Account) -> None:
        first, again = (rename(account, "Ada", **{"If-Match": '"99"'}) for _ in range(2))
        assert (first.status, again.status) == (412, 412)
        assert is_replayed(again)

    def test_of_a_conflict_gets_the_same_refusal(self, client: ApiClient) -> None:
        body = {"token": "a link's"}
        with mock.patch("backend.authentication.addresses.verify", side_effect=AddressTaken):
            assert client.post("auth/email/verify/", body, headers=KEY).code == "conflict"
        again = client.post("auth/email/verify/", body, headers=KEY)
        assert (again.code, is_replayed(again)) == ("conflict", True)

    def test_is_known_in_another_session_of_the_user(self, account: Account) -> None:
        first = rename(account, "Ada")
        account.log_in()
        assert rename(account, "Ada").body == first.body

    def test_costs_three_statements_and_a_transaction_more(
        self, account: Account, query_budget: QueryBudget
    ) -> None:
        with query_budget(exactly=5):  # the bearer; a transaction around row and names
            account.client.patch("users/me/", {"first_name": "Ada"}, token=account.access)
        with query_budget(exactly=10) as budget:  # reserved, read back, answered
            rename(account, "Ada")
        ours = [sql for sql in budget.sql if "idempotency_reservation" in sql]
        assert [sql.split()[0] for sql in ours] == ["INSERT", "SELECT", "UPDATE"]
        with query_budget(exactly=4):  # the bearer; not reserved, read, not free
            rename(account, "Ada")

    def test_acts_again_after_a_day(self, account: Account) -> None:
        first = rename(account, "Ada")
        age(KEPT)
        again = rename(account, "Ada")
        assert not is_replayed(again)
        assert again.headers["etag"] != first.headers["etag"]
        assert is_replayed(rename(account, "Ada"))


class TestKey:
    def test_belongs_to_one_request(self, account: Account) -> None:
        rename(account, "Ada")
        client, token = account.client, account.access
        others = [
            rename(account, "Eve"),
            client.post("auth/logout/all/", token=token, headers=KEY),
            client.delete(f"auth/sessions/{SOMEBODY}/", token=token, headers=KEY),
            client.patch("users/me/?a=1", {"first_name": "Ada"}, token=token, headers=KEY),
        ]
        assert {(answer.status, answer.code) for answer in others} == {
            (422, "idempotency_key_reused")
        }
        assert account.me().json["first_name"] == "Ada"

    def test_belongs_to_one_user(self, client: ApiClient) -> None:
        one, other = accounts.signed_in(client), accounts.signed_in(client)
        assert rename(one, "Ada").json["first_name"] == "Ada"
        answer = rename(other, "Eve")
        assert (answer.json["first_name"], is_replayed(answer)) == ("Eve", False)

    def test_belongs_to_one_address_of_those_who_are_not_signed_in(
        self, client: ApiClient, settings: object
    ) -> None:
        client.post("auth/register/", ADA, headers=KEY)
        bob = {**ADA, "email": "bob@example.com"}
        assert client.post("auth/register/", bob, headers=KEY).status == 422
        with mock.patch("backend.core.http.client.client_address", return_value="192.0.2.7"):
            assert client.post("auth/register/", bob, headers=KEY).status == 201

    @pytest.mark.parametrize("key", ["", "a key", "ü", "k" * 129, "a,b", "a\tb", "schlüssel"])
    def test_has_a_form(self, account: Account, key: str) -> None:
        answer = rename(account, "Ada", **{"Idempotency-Key": key})
        assert (answer.status, [*answer.errors]) == (400, ["Idempotency-Key"])
        assert account.me().json["first_name"] == ""

    def test_may_be_as_long_as_this(self, account: Account) -> None:
        assert rename(account, "Ada", **{"Idempotency-Key": "k" * 128}).status == 200

    def test_does_nothing_where_tokens_are_answered(self, account: Account) -> None:
        pairs = [account.log_in(**KEY).json for _ in range(2)]
        assert pairs[0]["refresh"] != pairs[1]["refresh"]
        assert not Reservation.objects.exists()

    def test_does_nothing_where_nothing_is_changed(self, account: Account) -> None:
        for _ in range(2):
            answer = account.client.get("users/me/", token=account.access, headers=KEY)
            assert (answer.status, is_replayed(answer)) == (200, False)
        assert not Reservation.objects.exists()


class TestRefusal:
    """What would not come again is not kept, and leaves the key free."""

    def test_of_a_bearer_comes_first(self, account: Account) -> None:
        rename(account, "Ada")
        for token, code in ((None, "not_authenticated"), ("eyJ.e30.x", "token_invalid")):
            answer = account.client.patch(
                "users/me/", {"first_name": "Ada"}, token=token, headers=KEY
            )
            assert (answer.status, answer.code) == (401, code)
        account.client.post("auth/logout/all/", token=account.access)
        assert rename(account, "Ada").code == "session_revoked"

    def test_of_a_permission_is_not_kept(self, account: Account) -> None:
        path = f"users/{user_of(account).pk}/"

        def change() -> Answer:
            return account.client.patch(
                path, {"first_name": "Ada"}, token=account.access, headers=KEY
            )

        assert change().status == 403
        assert not Reservation.objects.exists()
        permit(account, "users.change_user")
        assert change().status == 200

    def test_of_a_type_is_not_kept(self, account: Account) -> None:
        assert rename(account, "Ada", **{"Content-Type": "text/plain"}).status == 415
        assert rename(account, "Ada").status == 200

    def test_that_is_our_fault_takes_its_effect_back(self, account: Account) -> None:
        def fail(user: User, **_: object) -> User:
            user.first_name = "Eve"
            user.save(update_fields=["first_name"])
            raise ZeroDivisionError

        with mock.patch("backend.users.services.update_profile", fail):
            assert rename(account, "Ada").status == 500
        assert not Reservation.objects.exists()
        assert account.me().json["first_name"] == ""
        assert rename(account, "Ada").json["first_name"] == "Ada"

    def test_whose_transaction_broke_is_not_kept(self, client: ApiClient) -> None:
        def break_it(**_: object) -> None:
            with transaction.atomic(savepoint=False):
                raise AddressTaken

        body = {"token": "a link's"}
        with mock.patch("backend.authentication.addresses.verify", break_it):
            assert client.post("auth/email/verify/", body, headers=KEY).status == 409
        assert not Reservation.objects.exists()

    def test_keeps_what_must_outlive_it(self, account: Account) -> None:
        body = {"password": "wrong"}
        for _ in range(2):
            answer = account.client.post(
                "users/me/delete/", body, token=account.access, headers=KEY
            )
            assert answer.errors.keys() == {"password"}
        events = account.client.get("users/me/security-events/", token=account.access).json
        types = [event["type"] for event in events["results"]]
        assert types.count("password_refused") == 1
