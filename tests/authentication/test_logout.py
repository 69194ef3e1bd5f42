"""``POST auth/logout/`` and ``POST auth/logout/all/``."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.authentication.models import Session
from backend.authentication.tokens import RefreshToken
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient

pytestmark = pytest.mark.django_db


def log_out(account: Account, refresh: str | None = None, **headers: str) -> Answer:
    """End the session of a refresh token, by default the latest."""
    body = {"refresh": account.refresh if refresh is None else refresh}
    return account.client.post("auth/logout/", body, headers=headers)


class TestLogoutWithARefreshToken:
    @pytest.mark.parametrize("value", [None, 7, ["x"], {}])
    def test_refuses_what_is_no_text(self, account: Account, value: object) -> None:
        body = {"refresh": value}
        answer = account.client.post("auth/logout/", body, token=account.access)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["refresh"]
        assert account.me().status == 200

    def test_refuses_unknown_fields(self, account: Account) -> None:
        body = {"access": account.access}
        answer = account.client.post("auth/logout/", body, token=account.access)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["access"]
        assert account.me().status == 200

    @pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"0", b"false"])
    def test_refuses_what_is_no_object(self, account: Account, body: bytes) -> None:
        json = {"Content-Type": "application/json"}
        answer = account.client.call(
            "POST", "auth/logout/", body=body, token=account.access, headers=json
        )
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["non_field_errors"]
        assert account.me().status == 200

    def test_refuses_a_token_that_is_not_ours(self, account: Account) -> None:
        for foreign in ("", "x", account.access, account.refresh[:-2]):
            answer = log_out(account, foreign)
            assert (answer.status, answer.code) == (401, "token_invalid")
        assert account.me().status == 200

    def test_refuses_a_foreign_token_with_a_good_bearer(self, account: Account) -> None:
        answer = log_out(account, "x", Authorization=f"Bearer {account.access}")
        assert (answer.status, answer.code) == (401, "token_invalid")
        assert account.me().status == 200

    def test_ends_the_session(self, account: Account) -> None:
        answer = log_out(account)
        assert (answer.status, answer.body) == (204, b"")
        assert account.me().code == "session_revoked"
        assert account.spend().code == "session_revoked"

    @pytest.mark.parametrize("bearer", ["Bearer x", "Bearer ", "Basic YTpi", "x"])
    def test_ignores_the_authorization(self, account: Account, bearer: str) -> None:
        assert log_out(account, Authorization=bearer).status == 204
        assert account.me().code == "session_revoked"

    def test_ends_the_tokens_session_and_not_the_bearers(
        self, client: ApiClient, account: Account
    ) -> None:
        other = accounts.signed_in(client)
        assert log_out(account, Authorization=f"Bearer {other.access}").status == 204
        assert account.me().code == "session_revoked"
        assert other.me().status == 200

    def test_takes_a_spent_token(self, account: Account) -> None:
        successor = account.spend().json["refresh"]
        assert log_out(account).status == 204
        assert account.spend(successor).code == "session_revoked"

    def test_takes_an_expired_token(self, account: Account) -> None:
        session, now = Session.objects.get(), timezone.now()
        expired = RefreshToken.issue(
            user_id=session.user_id,
            session_id=session.pk,
            issued_at=now - timedelta(days=8),
            expires_at=now - timedelta(days=1),
            jti=session.refresh_jti,
        )
        assert log_out(account, expired).status == 204
        assert account.me().code == "session_revoked"

    def test_takes_a_token_of_an_ended_session(self, account: Account) -> None:
        log_out(account)
        ended = Session.objects.get().revoked_at
        assert log_out(account).status == 204
        assert Session.objects.get().revoked_at == ended

    def test_takes_a_token_of_a_session_that_is_gone(self, account: Account) -> None:
        Session.objects.all().delete()
        assert log_out(account).status == 204

    def test_leaves_other_sessions_alone(self, account: Account) -> None:
        other = Account(account.client, account.email)
        other.log_in()
        log_out(account)
        assert other.me().status == 200

    def test_costs_one_transaction(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(4):  # a savepoint, the end, its event, the release
            log_out(account)


class TestLogoutWithABearer:
    def test_refuses_the_anonymous(self, client: ApiClient) -> None:
        for body in (b"", b"{}"):
            answer = client.call("POST", "auth/logout/", body=body)
            assert (answer.status, answer.code) == (401, "not_authenticated")

    def test_refuses_a_bad_token(self, client: ApiClient, account: Account) -> None:
        for foreign in ("x", account.refresh):
            answer = client.post("auth/logout/", token=foreign)
            assert (answer.status, answer.code) == (401, "token_invalid")

    def test_refuses_an_ended_bearer(self, account: Account) -> None:
        log_out(account)
        answer = account.client.post("auth/logout/", token=account.access)
        assert (answer.status, answer.code) == (401, "session_revoked")

    @pytest.mark.parametrize("body", [None, {}])
    def test_ends_the_bearers_session(self, account: Account, body: object) -> None:
        other = Account(account.client, account.email)
        other.log_in()
        assert account.client.post("auth/logout/", body, token=account.access).status == 204
        assert account.me().code == "session_revoked"
        assert account.spend().code == "session_revoked"
        assert other.me().status == 200

    def test_costs_the_bearer_and_one_transaction(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(5):  # and before it the bearer
            account.client.post("auth/logout/", token=account.access)


class TestLogoutAll:
    def test_refuses_the_anonymous(self, client: ApiClient) -> None:
        answer = client.post("auth/logout/all/")
        assert (answer.status, answer.code) == (401, "not_authenticated")

    def test_refuses_an_ended_bearer(self, account: Account) -> None:
        log_out(account)
        answer = account.client.post("auth/logout/all/", token=account.access)
        assert answer.code == "session_revoked"

    def test_leaves_everybody_else_logged_in(self, client: ApiClient, account: Account) -> None:
        other = accounts.signed_in(client)
        client.post("auth/logout/all/", token=account.access)
        assert other.me().status == 200
        assert other.spend().status == 200

    def test_ends_every_session_of_the_caller(self, account: Account) -> None:
        devices = [Account(account.client, account.email) for _ in range(3)]
        for device in devices:
            device.log_in()
        answer = account.client.post("auth/logout/all/", token=account.access)
        assert (answer.status, answer.body) == (204, b"")
        for device in (account, *devices):
            assert device.me().code == "session_revoked"
            assert device.spend().code == "session_revoked"

    def test_lets_the_caller_log_in_again(self, account: Account) -> None:
        account.client.post("auth/logout/all/", token=account.access)
        assert account.log_in().status == 200
        assert account.me().status == 200

    def test_costs_the_same_however_many_there_are(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(3):
            account.log_in()
        # The bearer; a savepoint, the epoch, its event, the release.
        with django_assert_num_queries(5):
            account.client.post("auth/logout/all/", token=account.access)
