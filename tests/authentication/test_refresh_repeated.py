"""``POST auth/refresh/`` with an ``Idempotency-Key``."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient, InProcess
from tests.authentication.forgery import payload_of
from tests.authentication.refreshing import CHROME, FIREFOX, KEY, OTHER_KEY, is_alive, let_pass

pytestmark = pytest.mark.django_db


class TestRefreshWithAnIdempotencyKey:
    """An answer that was lost on its way is asked for again."""

    @pytest.mark.parametrize("key", ["", "x" * 129, "two words", "a/b", "a:b", "ü", "a,b", '"a"'])
    def test_refuses_a_malformed_key(self, account: Account, key: str) -> None:
        answer = account.spend(**{"Idempotency-Key": key})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["Idempotency-Key"]
        assert account.spend().status == 200

    @pytest.mark.parametrize("key", ["a", "x" * 128, "A-z.0_9"])
    def test_accepts_any_other(self, account: Account, key: str) -> None:
        assert account.spend(**{"Idempotency-Key": key}).status == 200

    def test_does_not_call_the_first_answer_a_replay(self, account: Account) -> None:
        assert "idempotent-replayed" not in account.spend(**KEY).headers

    def test_answers_the_same_successor_again(self, account: Account) -> None:
        first = account.spend(**KEY)
        again = account.spend(**KEY)
        assert (again.status, again.headers["idempotent-replayed"]) == (200, "true")
        assert again.json["refresh"] == first.json["refresh"]

    def test_answers_a_fresh_access_token(self, account: Account) -> None:
        first = account.spend(**KEY).json
        let_pass(0)
        again = account.spend(**KEY).json
        assert again["access"] != first["access"]
        assert again["expires_in"] == 900
        assert account.me(again["access"]).status == 200

    def test_says_how_long_the_successor_has_left(self, account: Account, session: Session) -> None:
        account.spend(**KEY)
        Session.objects.update(refresh_expires_at=timezone.now() + timedelta(seconds=3_600))
        assert 3_595 <= account.spend(**KEY).json["refresh_expires_in"] <= 3_600

    def test_writes_nothing(self, account: Account) -> None:
        account.spend(**KEY)
        before = Session.objects.values().get()
        account.spend(**KEY)
        assert Session.objects.values().get() == before

    def test_works_long_after_and_from_elsewhere(
        self, account: Account, elsewhere: InProcess
    ) -> None:
        account.spend(**KEY, **FIREFOX)
        let_pass(3_600)
        successor = account.spend(**KEY).json["refresh"]
        body = {"refresh": account.refresh}
        again = elsewhere.post("auth/refresh/", body, headers={**KEY, **CHROME})
        assert (again.status, again.json["refresh"]) == (200, successor)
        assert is_alive(account)

    def test_gives_a_successor_that_can_be_spent(self, account: Account) -> None:
        account.spend(**KEY)
        successor = account.spend(**KEY).json["refresh"]
        assert account.spend(successor).status == 200

    @pytest.mark.parametrize("successors_key", [{}, OTHER_KEY, KEY])
    def test_ends_when_the_successor_is_spent(
        self, account: Account, successors_key: dict[str, str]
    ) -> None:
        successor = account.spend(**KEY).json["refresh"]
        assert account.spend(successor, **successors_key).status == 200
        assert account.spend(**KEY).code == "refresh_token_reused"
        assert not is_alive(account)

    def test_is_not_for_another_key(self, account: Account) -> None:
        account.spend(**KEY)
        assert account.spend(**OTHER_KEY).code == "refresh_token_rotated"
        let_pass(11)
        assert account.spend(**OTHER_KEY).code == "refresh_token_reused"

    def test_is_not_for_a_token_spent_without_a_key(self, account: Account) -> None:
        account.spend()
        assert account.spend(**KEY).code == "refresh_token_rotated"

    def test_is_not_for_a_repeat_without_the_key(self, account: Account) -> None:
        account.spend(**KEY)
        assert account.spend().code == "refresh_token_rotated"

    def test_revives_no_ended_session(self, account: Account) -> None:
        successor = account.spend(**KEY).json["refresh"]
        account.client.post("auth/logout/", {"refresh": successor})
        assert account.spend(**KEY).code == "session_revoked"

    def test_helps_nobody_with_another_token(self, client: ApiClient, account: Account) -> None:
        other = accounts.signed_in(client)
        mine = account.spend(**KEY).json["refresh"]
        theirs = other.spend(**KEY)
        assert "idempotent-replayed" not in theirs.headers
        assert payload_of(theirs.json["refresh"])["sid"] != payload_of(mine)["sid"]

    def test_stores_no_key(self, account: Account) -> None:
        account.spend(**KEY)
        assert KEY["Idempotency-Key"] not in str(Session.objects.values().get())

    def test_costs_two_queries(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        account.spend(**KEY)
        with django_assert_num_queries(2):
            assert account.spend(**KEY).status == 200
