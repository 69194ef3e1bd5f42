"""``POST auth/refresh/``."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient, InProcess
from backend.users.models import User
from tests.authentication.conftest import UseKeys
from tests.authentication.forgery import Forger, header_of, payload_of
from tests.authentication.refreshing import CHROME, FIREFOX, KEY, is_alive, let_pass, minted

pytestmark = pytest.mark.django_db


class TestRefresh:
    @pytest.mark.parametrize("value", [None, 7, True, ["x"], {"refresh": "x"}])
    def test_refuses_what_is_no_text(self, client: ApiClient, value: object) -> None:
        answer = client.post("auth/refresh/", {"refresh": value})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["refresh"]

    @pytest.mark.parametrize("body", [{}, {"token": "x"}, {"refresh": "x", "access": "x"}])
    def test_wants_the_token_and_nothing_else(
        self, client: ApiClient, body: dict[str, str]
    ) -> None:
        answer = client.post("auth/refresh/", body)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert {*answer.errors} == {"refresh", *body} - ({"refresh"} & {*body})

    def test_refuses_an_expired_token(self, account: Account, session: Session) -> None:
        answer = account.spend(minted(session, expired_for=timedelta(seconds=6)))
        assert (answer.status, answer.code) == (401, "token_expired")
        assert is_alive(account)

    def test_says_expired_before_it_says_ended(self, account: Account, session: Session) -> None:
        account.client.post("auth/logout/", {"refresh": account.refresh})
        answer = account.spend(minted(session, expired_for=timedelta(minutes=1)))
        assert answer.code == "token_expired"

    def test_says_expired_before_it_says_spent(self, account: Account, session: Session) -> None:
        account.spend()
        answer = account.spend(minted(session, expired_for=timedelta(minutes=1)))
        assert answer.code == "token_expired"
        assert is_alive(account)

    def test_says_ended_before_it_says_spent(self, account: Account) -> None:
        successor = account.spend().json["refresh"]
        account.client.post("auth/logout/", {"refresh": successor})
        assert account.spend().code == "session_revoked"

    def test_refuses_after_the_end_of_the_session(self, account: Account) -> None:
        Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        answer = account.spend()
        assert (answer.status, answer.code) == (401, "session_revoked")

    def test_refuses_an_unknown_session(self, account: Account) -> None:
        Session.objects.all().delete()
        assert account.spend().code == "session_revoked"

    def test_refuses_the_inactive(self, account: Account) -> None:
        User.objects.update(is_active=False)
        assert account.spend().code == "session_revoked"

    def test_mints_nothing_for_whomever_it_refuses(
        self, account: Account, session: Session
    ) -> None:
        before = Session.objects.values().get()
        for bad in ("x", account.access, minted(session, expired_for=timedelta(minutes=1))):
            answer = account.spend(bad)
            assert answer.status == 401
            assert "access" not in answer.json
        assert Session.objects.values().get() == before

    def test_grants_the_leeway(self, account: Account, session: Session) -> None:
        assert account.spend(minted(session, expired_for=timedelta(seconds=1))).status == 200

    def test_ignores_the_bearer(self, account: Account) -> None:
        assert account.spend(Authorization="Bearer nonsense").status == 200

    def test_answers_a_new_pair(self, account: Account) -> None:
        answer = account.spend()
        assert answer.status == 200
        pair = answer.json
        assert pair["token_type"] == "Bearer"
        assert (pair["expires_in"], pair["refresh_expires_in"]) == (900, 604_800)
        assert not {pair["access"], pair["refresh"]} & {account.access, account.refresh}
        assert answer.headers["cache-control"] == "no-store"
        assert "idempotent-replayed" not in answer.headers
        assert account.me(pair["access"]).status == 200

    def test_leaves_the_earlier_access_token_alone(self, account: Account) -> None:
        account.spend()
        assert account.me().status == 200

    def test_goes_on_with_the_successor(self, account: Account) -> None:
        seen = {account.refresh}
        for _ in range(5):
            account.refresh = account.spend().json["refresh"]
            seen.add(account.refresh)
        assert len(seen) == 6
        assert Session.objects.count() == 1

    def test_stays_with_its_session_and_user(self, account: Account, session: Session) -> None:
        pair = account.spend().json
        for kind in ("access", "refresh"):
            claims = payload_of(pair[kind])
            assert (claims["sid"], claims["sub"]) == (str(session.pk), str(session.user_id))

    def test_writes_down_when_and_where(self, account: Account, elsewhere: InProcess) -> None:
        before = timezone.now()
        body = {"refresh": account.refresh}
        assert elsewhere.post("auth/refresh/", body, headers=CHROME).status == 200
        session = Session.objects.get()
        assert session.created_at < before <= session.last_used_at
        assert (session.ip_address, session.user_agent) == ("192.0.2.7", "Chrome/160")
        assert session.refresh_expires_at - session.last_used_at == timedelta(days=7)

    def test_never_lives_past_the_end_of_its_session(
        self, account: Account, session: Session
    ) -> None:
        end = timezone.now() + timedelta(seconds=90)
        Session.objects.update(expires_at=end)
        pair = account.spend().json
        assert 85 <= pair["expires_in"] <= 90
        assert 85 <= pair["refresh_expires_in"] <= 90
        for kind in ("access", "refresh"):
            assert payload_of(pair[kind])["exp"] == int(end.timestamp())
        session.refresh_from_db()
        assert session.refresh_expires_at == session.expires_at == end

    def test_does_not_move_the_end_of_its_session(self, account: Account, session: Session) -> None:
        account.spend()
        assert Session.objects.get().expires_at == session.expires_at

    def test_costs_one_query(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):  # UPDATE … RETURNING
            assert account.spend().status == 200

    def test_costs_two_queries_when_it_was_raced(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        account.spend()
        with django_assert_num_queries(2):  # the same, and why it found nothing
            assert account.spend().code == "refresh_token_rotated"

    def test_costs_no_query_for_a_bad_token(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            assert account.spend(account.access).code == "token_invalid"


class TestRefreshWithASpentToken:
    """Two tabs of one client race; anybody else has a copy."""

    def test_calls_it_a_race_within_ten_seconds(self, account: Account) -> None:
        account.spend(**FIREFOX)
        let_pass(9)
        answer = account.spend(**FIREFOX)
        assert (answer.status, answer.code) == (401, "refresh_token_rotated")

    def test_lets_the_session_live_after_a_race(self, account: Account) -> None:
        successor = account.spend().json["refresh"]
        for _ in range(3):
            assert account.spend().code == "refresh_token_rotated"
        assert is_alive(account)
        assert account.spend(successor).status == 200

    def test_mints_nothing_in_a_race(self, account: Account) -> None:
        account.spend()
        before = Session.objects.values().get()
        assert "access" not in account.spend().json
        assert Session.objects.values().get() == before

    def test_calls_it_reuse_after_ten_seconds(self, account: Account) -> None:
        successor = account.spend().json["refresh"]
        let_pass(11)
        answer = account.spend()
        assert (answer.status, answer.code) == (401, "refresh_token_reused")
        assert not is_alive(account)
        assert account.spend(successor).code == "session_revoked"

    def test_calls_it_reuse_from_other_software(self, account: Account) -> None:
        account.spend(**FIREFOX)
        assert account.spend(**CHROME).code == "refresh_token_reused"
        assert not is_alive(account)

    def test_calls_it_reuse_from_another_address(
        self, account: Account, elsewhere: InProcess
    ) -> None:
        account.spend()
        answer = elsewhere.post("auth/refresh/", {"refresh": account.refresh})
        assert (answer.status, answer.code) == (401, "refresh_token_reused")
        assert not is_alive(account)

    def test_does_not_believe_a_forwarded_address(
        self, account: Account, elsewhere: InProcess
    ) -> None:
        account.spend()
        forwarded = {"X-Forwarded-For": "127.0.0.1"}
        body = {"refresh": account.refresh}
        answer = elsewhere.post("auth/refresh/", body, headers=forwarded)
        assert answer.code == "refresh_token_reused"

    @pytest.mark.parametrize("generations", [2, 3, 5])
    def test_calls_an_ancestor_reuse_at_once(self, account: Account, generations: int) -> None:
        latest = account.refresh
        for _ in range(generations):
            latest = account.spend(latest).json["refresh"]
        answer = account.spend()
        assert (answer.status, answer.code) == (401, "refresh_token_reused")
        assert not is_alive(account)
        assert account.spend(latest).code == "session_revoked"

    def test_calls_a_token_it_never_gave_reuse(self, account: Account, session: Session) -> None:
        forger = Forger("refresh", session)
        answer = account.spend(forger.with_claims(jti=str(uuid4())))
        assert answer.code == "refresh_token_reused"
        assert not is_alive(account)

    def test_says_ended_once_the_reuse_has_ended_it(self, account: Account) -> None:
        account.spend(**FIREFOX)
        assert account.spend(**CHROME).code == "refresh_token_reused"
        assert account.spend(**CHROME).code == "session_revoked"
        assert account.spend(**FIREFOX).code == "session_revoked"

    def test_ends_no_other_session(self, account: Account) -> None:
        other = Account(account.client, account.email)
        other.log_in()
        account.spend(**FIREFOX)
        assert account.spend(**CHROME).code == "refresh_token_reused"
        assert other.me().status == 200
        assert other.spend().status == 200


class TestRefreshWhileKeysRotate:
    """The first key signs, all verify; a key that is gone verifies nothing."""

    def test_takes_a_token_of_an_older_key(self, account: Account, use_keys: UseKeys) -> None:
        use_keys("old", "new")
        account.log_in()
        assert header_of(account.refresh)["kid"] == "old"
        use_keys("new", "old")
        pair = account.spend().json
        assert {header_of(pair[kind])["kid"] for kind in ("access", "refresh")} == {"new"}

    def test_signs_a_repeat_with_the_key_of_the_first_answer(
        self, account: Account, use_keys: UseKeys
    ) -> None:
        use_keys("old", "new")
        first = account.spend(**KEY).json
        use_keys("new", "old")
        again = account.spend(**KEY).json
        assert again["refresh"] == first["refresh"]
        assert header_of(again["refresh"])["kid"] == "old"
        assert header_of(again["access"])["kid"] == "new"
        assert account.spend(again["refresh"]).status == 200

    def test_answers_a_repeat_after_the_key_is_gone(
        self, account: Account, use_keys: UseKeys
    ) -> None:
        use_keys("new", "old")
        account.log_in()
        use_keys("old", "new")
        account.spend(**KEY)
        use_keys("new")
        again = account.spend(**KEY)
        assert again.status == 200
        assert header_of(again.json["refresh"])["kid"] == "new"
        assert account.spend(again.json["refresh"]).status == 200

    def test_refuses_a_token_of_a_key_that_is_gone(
        self, account: Account, use_keys: UseKeys
    ) -> None:
        use_keys("old")
        assert account.spend().code == "token_invalid"
        assert account.me().code == "token_invalid"


class TestRefreshLifetimes:
    def test_follow_the_settings(self, client: ApiClient, settings: Settings) -> None:
        settings.ACCESS_TOKEN_LIFETIME = timedelta(seconds=30)
        settings.REFRESH_TOKEN_LIFETIME = timedelta(seconds=60)
        pair = accounts.signed_in(client).spend().json
        assert (pair["expires_in"], pair["refresh_expires_in"]) == (30, 60)
