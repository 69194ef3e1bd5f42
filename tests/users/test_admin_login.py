"""The admin site's login."""

import pytest
from django.test import Client

from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.browser import browser
from backend.testing.client import ApiClient
from backend.testing.limits import Limits
from backend.users import passwords
from backend.users.errors import TooBusyToHash
from backend.users.models import User
from tests.users.browser import WRONG, is_signed_in, sign_in

pytestmark = pytest.mark.django_db


class TestLogin:
    def test_is_asked_of_the_anonymous(self) -> None:
        answer = browser().get("/admin/")
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")

    def test_refuses_whoever_is_no_staff(self, client: ApiClient) -> None:
        account = accounts.register(client)
        visitor = browser()
        assert sign_in(visitor, account.email).status_code == 200
        assert not is_signed_in(visitor)

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("boss@example.com", WRONG),
            ("boss@example.com", ""),
            ("nobody@example.com", PASSWORD),
            ("no address", PASSWORD),
            ("", ""),
            ("boss@example.com\0", PASSWORD),
            ("x" * 5000, "x" * 5000),
        ],
    )
    def test_refuses_the_unknown_and_the_wrong(self, boss: User, email: str, password: str) -> None:
        visitor = browser()
        assert sign_in(visitor, email, password).status_code == 200
        assert not is_signed_in(visitor)

    def test_refuses_the_disabled(self, boss: User) -> None:
        User.objects.update(is_active=False)
        visitor = browser()
        assert sign_in(visitor).status_code == 200
        assert not is_signed_in(visitor)

    @pytest.mark.parametrize("email", ["boss@example.com", "BOSS@Example.com", " boss@example.com"])
    def test_lets_staff_in_by_any_spelling(self, boss: User, email: str) -> None:
        visitor = browser()
        answer = sign_in(visitor, email)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
        assert is_signed_in(visitor)

    def test_keeps_its_cookie_from_scripts(self, boss: User) -> None:
        visitor = browser()
        sign_in(visitor)
        cookie = visitor.cookies["sessionid"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    def test_asks_for_a_csrf_token(self, boss: User) -> None:
        visitor = Client(enforce_csrf_checks=True)
        assert sign_in(visitor).status_code == 403

    def test_carries_security_headers(self, boss: User) -> None:
        answer = browser(boss).get("/admin/")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_opens_nothing_of_the_api(self, boss: User) -> None:
        assert browser(boss).get("/api/v1/users/me/").status_code == 401


class TestLoginLimit:
    @pytest.fixture(autouse=True)
    def _three(self, limits: Limits, boss: User) -> None:
        limits.set(login_failures=(3, 300))

    def test_refuses_even_the_right_password_after_too_many_wrong_ones(self) -> None:
        for _ in range(3):
            sign_in(browser(), password=WRONG)
        visitor = browser()
        answer = sign_in(visitor)
        assert answer.status_code == 200
        assert b"Too many requests" in answer.content
        assert not is_signed_in(visitor)

    def test_is_used_up_at_the_api_by_failures_here(self, client: ApiClient) -> None:
        account = Account(client, "boss@example.com")
        for _ in range(3):
            sign_in(browser(), " BOSS@example.com", WRONG)
        assert account.log_in().code == "throttled"

    def test_is_used_up_here_by_failures_at_the_api(self, client: ApiClient) -> None:
        account = Account(client, "boss@example.com", password=WRONG)
        assert [account.log_in().status for _ in range(3)] == [401] * 3
        visitor = browser()
        assert b"Too many requests" in sign_in(visitor).content
        assert not is_signed_in(visitor)

    def test_locks_nobody_out_from_another_address(self) -> None:
        for _ in range(9):
            sign_in(browser(), password=WRONG)
        visitor = browser(address="192.0.2.7")
        sign_in(visitor)
        assert is_signed_in(visitor)

    def test_gives_a_success_back(self) -> None:
        for _ in range(6):
            visitor = browser()
            sign_in(visitor)
            assert is_signed_in(visitor)

    @pytest.mark.parametrize("forwarded", ["203.0.113.9", "127.0.0.1, 203.0.113.9"])
    def test_is_not_escaped_by_a_forged_address(self, forwarded: str) -> None:
        for _ in range(3):
            sign_in(browser(), password=WRONG)
        visitor = browser()
        visitor.defaults["HTTP_X_FORWARDED_FOR"] = forwarded
        assert b"Too many requests" in sign_in(visitor).content

    def test_does_not_count_what_could_not_be_decided(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise TooBusyToHash

        with monkeypatch.context() as patch:
            patch.setattr(passwords, "verify", fail)
            for _ in range(4):
                answer = sign_in(browser())
                assert answer.status_code == 503
                assert int(answer.headers["Retry-After"]) >= 1
                assert b"Traceback" not in answer.content
        visitor = browser()
        sign_in(visitor)
        assert is_signed_in(visitor)
