"""The limit that every check of a password shares."""

import time
from contextlib import suppress

import pytest
from django.db import OperationalError

from backend.core.limits import throttling
from backend.core.limits.throttling import Throttled
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient, InProcess
from backend.testing.limits import Limits
from backend.users import passwords
from backend.users.errors import TooBusyToHash
from tests.core.limits.limited import (
    FORGED,
    NEW,
    change_password,
    guess,
    log_in,
)

pytestmark = pytest.mark.django_db


class TestLoginFailures:
    @pytest.fixture(autouse=True)
    def _three(self, limits: Limits, ada: Account) -> None:
        limits.set(login_failures=(3, 300))

    def test_are_counted_until_even_the_right_password_is_refused(self, client: ApiClient) -> None:
        found = [guess(client) for _ in range(5)]
        assert [answer.status for answer in found] == [401, 401, 401, 429, 429]
        refused = log_in(client)
        assert (refused.status, refused.code) == (429, "throttled")
        assert 0 < int(refused.headers["retry-after"]) <= 300

    def test_are_refused_before_a_hash_is_computed(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            guess(client)
        monkeypatch.setattr(passwords, "verify", lambda *_: pytest.fail("a hash was computed"))
        assert guess(client).status == 429

    @pytest.mark.parametrize("email", ["nobody@example.com", "no address", ""])
    def test_of_accounts_that_do_not_exist_are_counted_alike(
        self, client: ApiClient, email: str
    ) -> None:
        assert [guess(client, email).status for _ in range(4)] == [401, 401, 401, 429]
        assert log_in(client).status == 200

    @pytest.mark.parametrize("email", ["ADA@example.com", " ada@EXAMPLE.COM", "ａｄａ@example.com"])  # noqa: RUF001  (the subject)
    def test_are_counted_together_in_every_spelling(self, client: ApiClient, email: str) -> None:
        found = [guess(client, spelling).status for spelling in ("ada@example.com", email, email)]
        assert found == [401, 401, 401]
        assert log_in(client).status == 429

    def test_lock_nobody_out_from_another_address(
        self, client: ApiClient, elsewhere: InProcess
    ) -> None:
        for _ in range(9):
            guess(client)
        assert log_in(elsewhere).status == 200
        assert log_in(client).status == 429

    @pytest.mark.parametrize("forwarded", FORGED)
    def test_are_not_escaped_by_a_forged_address(self, client: ApiClient, forwarded: str) -> None:
        headers = {"X-Forwarded-For": forwarded}
        body = {"email": "ada@example.com", "password": "wrong horse battery 9"}
        found = [client.post("auth/login/", body, headers=headers).status for _ in range(4)]
        assert found == [401, 401, 401, 429]

    def test_of_one_account_leave_the_others_alone(self, client: ApiClient) -> None:
        other = accounts.register(client)
        for _ in range(4):
            guess(client)
        assert other.log_in().status == 200

    def test_are_not_successes(self, client: ApiClient) -> None:
        for _ in range(7):
            assert log_in(client).status == 200

    def test_are_not_forgotten_by_a_success(self, client: ApiClient) -> None:
        found = [guess(client).status, log_in(client).status, guess(client).status]
        found += [log_in(client).status, guess(client).status, guess(client).status]
        assert found == [401, 200, 401, 200, 401, 429]

    @pytest.mark.parametrize("body", [b"{", b"{}", b'{"email": "ada@example.com"}', b"[]"])
    def test_are_not_malformed_requests(self, client: ApiClient, body: bytes) -> None:
        for _ in range(5):
            assert client.post("auth/login/", body).status == 400
        assert log_in(client).status == 200

    def test_are_over_with_their_window(self, client: ApiClient, limits: Limits) -> None:
        limits.set(login_failures=(1, 1))
        assert [guess(client).status, guess(client).status] == [401, 429]
        time.sleep(1.05)
        assert log_in(client).status == 200

    @pytest.mark.parametrize("error", [TooBusyToHash(), OperationalError("away")])
    def test_are_not_what_the_service_could_not_decide(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        def fail(*_: object) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(passwords, "verify", fail)
            for _ in range(5):
                answer = log_in(client)
                assert (answer.status, answer.code) == (503, "service_unavailable")
        assert log_in(client).status == 200

    def test_are_wrong_current_passwords_too(self, client: ApiClient, ada: Account) -> None:
        ada.log_in()
        assert [change_password(ada, "wrong").status for _ in range(4)] == [400, 400, 400, 429]
        assert change_password(ada, PASSWORD).status == 429
        assert log_in(client).status == 429
        assert ada.me().status == 200

    def test_at_the_login_keep_the_password_from_being_changed(
        self, client: ApiClient, elsewhere: InProcess, ada: Account
    ) -> None:
        ada.log_in()
        for _ in range(3):
            guess(client)
        assert change_password(ada, PASSWORD).status == 429
        ada.client = elsewhere
        assert change_password(ada, PASSWORD).status == 204

    def test_are_not_changes_that_succeed_or_have_another_fault(
        self, client: ApiClient, ada: Account
    ) -> None:
        ada.log_in()
        weak = {"current_password": PASSWORD, "new_password": "x", "new_password_confirm": "x"}
        for _ in range(4):
            answer = client.post("auth/password/change/", weak, token=ada.access)
            assert answer.status == 400
        current, new = PASSWORD, NEW
        for _ in range(4):
            body = {"current_password": current, "new_password": new, "new_password_confirm": new}
            assert client.post("auth/password/change/", body, token=ada.access).status == 204
            current, new = new, current


class TestAttempt:
    def test_gives_back_once(self, limits: Limits) -> None:
        limits.set(login_failures=(2, 60))
        for _ in range(5):
            with throttling.attempt("login_failures", "a"):
                pass
        for _ in range(2):
            with suppress(ValueError), throttling.attempt("login_failures", "a"):
                raise ValueError
        with pytest.raises(Throttled), throttling.attempt("login_failures", "a"):
            pytest.fail("let through")

    def test_gives_nothing_back_to_a_window_that_is_not_its_own(self, limits: Limits) -> None:
        limits.set(login_failures=(2, 1))
        with throttling.attempt("login_failures", "a"):
            time.sleep(1.05)
            with suppress(ValueError), throttling.attempt("login_failures", "a"):
                raise ValueError
        with suppress(ValueError), throttling.attempt("login_failures", "a"):
            raise ValueError
        with pytest.raises(Throttled), throttling.attempt("login_failures", "a"):
            pytest.fail("let through")

    def test_that_is_refused_gives_nothing_back(self, limits: Limits) -> None:
        limits.set(login_failures=(1, 60))
        with suppress(ValueError), throttling.attempt("login_failures", "a"):
            raise ValueError
        for _ in range(3):
            with pytest.raises(Throttled), throttling.attempt("login_failures", "a"):
                pytest.fail("let through")

    def test_is_not_mistaken_for_that_of_somebody_whose_name_continues(
        self, limits: Limits
    ) -> None:
        limits.set(login_failures=(1, 60))
        for caller in (("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")):
            with suppress(ValueError), throttling.attempt("login_failures", *caller):
                raise ValueError
