"""Users in the admin site."""

import pytest
from django.test import Client

from backend.testing.accounts import PASSWORD, Account
from backend.users.models import User

pytestmark = pytest.mark.django_db

USERS = "/admin/users/user/"


@pytest.fixture
def browser() -> Client:
    """Somebody's browser, signed in nowhere."""
    return Client()


@pytest.fixture
def admin(browser: Client) -> Client:
    """The browser of a superuser."""
    User.objects.create_superuser("root@example.com", PASSWORD)
    assert sign_in(browser, "root@example.com")
    return browser


def sign_in(browser: Client, email: str, password: str = PASSWORD) -> bool:
    """Fill the admin's login form in."""
    form = {"username": email, "password": password, "next": "/admin/"}
    return browser.post("/admin/login/", form).status_code == 302


def form_of(user: User, **changes: object) -> dict[str, object]:
    """What a browser sends when somebody saves the form of a user."""
    form = {"email": user.email, "first_name": user.first_name, "last_name": user.last_name}
    return {**form, "is_active": "on", **changes}


class TestAdminLogin:
    def test_refuses_the_anonymous(self, browser: Client) -> None:
        answer = browser.get(USERS)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")

    @pytest.mark.parametrize("email", ["root@example.com", "nobody@example.com", "no address", ""])
    def test_refuses_wrong_credentials(self, browser: Client, email: str) -> None:
        User.objects.create_superuser("root@example.com", PASSWORD)
        assert not sign_in(browser, email, "wrong horse battery 9")

    def test_refuses_those_who_are_not_staff(self, browser: Client, account: Account) -> None:
        assert not sign_in(browser, account.email)

    def test_refuses_the_inactive(self, browser: Client) -> None:
        User.objects.create_superuser("root@example.com", PASSWORD, is_active=False)
        assert not sign_in(browser, "root@example.com")

    @pytest.mark.parametrize("email", ["root@example.com", "ROOT@Example.com"])
    def test_lets_staff_in(self, browser: Client, email: str) -> None:
        before = User.objects.create_superuser("root@example.com", PASSWORD)
        assert sign_in(browser, email)
        assert browser.get(USERS).status_code == 200
        after = User.objects.get()
        assert after.last_login is not None
        assert (after.updated_at, after.session_epoch) == (before.updated_at, 0)


class TestAdminUsers:
    def test_refuse_a_taken_address(self, admin: Client, account: Account) -> None:
        root = User.objects.get(email="root@example.com")
        email = account.email.upper()
        answer = admin.post(f"{USERS}{root.pk}/change/", form_of(root, email=email))
        assert answer.status_code == 200
        assert b"exists already" in answer.content

    def test_refuse_what_is_no_address(self, admin: Client, account: Account) -> None:
        user = User.objects.get(email=account.email)
        answer = admin.post(f"{USERS}{user.pk}/change/", form_of(user, email="no address"))
        assert answer.status_code == 200
        assert User.objects.filter(email=account.email).exists()

    def test_are_created_with_a_canonical_address(self, admin: Client) -> None:
        form = {
            "email": "Ada@BÜCHER.example",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        assert admin.post(f"{USERS}add/", form).status_code == 302
        user = User.objects.get(email="ada@xn--bcher-kva.example")
        assert user.check_password(PASSWORD)

    def test_can_be_searched_and_read(self, admin: Client, account: Account) -> None:
        user = User.objects.get(email=account.email)
        assert account.email.encode() in admin.get(f"{USERS}?q={account.email}").content
        assert admin.get(f"{USERS}{user.pk}/change/").status_code == 200

    def test_stay_signed_in_when_their_name_is_changed(
        self, admin: Client, account: Account
    ) -> None:
        user = User.objects.get(email=account.email)
        answer = admin.post(f"{USERS}{user.pk}/change/", form_of(user, first_name="Ada"))
        assert answer.status_code == 302
        assert account.me().json["first_name"] == "Ada"

    def test_are_signed_out_for_good_when_they_are_disabled(
        self, admin: Client, account: Account
    ) -> None:
        user = User.objects.get(email=account.email)
        form = form_of(user)
        del form["is_active"]
        assert admin.post(f"{USERS}{user.pk}/change/", form).status_code == 302
        assert account.me().code == "session_revoked"
        assert admin.post(f"{USERS}{user.pk}/change/", form_of(user)).status_code == 302
        assert User.objects.get(pk=user.pk).is_active
        assert account.me().code == "session_revoked"
        assert account.log_in().status == 200

    def test_are_signed_out_by_a_new_password(self, admin: Client, account: Account) -> None:
        user = User.objects.get(email=account.email)
        form = {
            "usable_password": "true",
            "password1": "another horse 9",
            "password2": "another horse 9",
        }
        assert admin.post(f"{USERS}{user.pk}/password/", form).status_code == 302
        assert account.me().code == "session_revoked"
        assert Account(account.client, account.email, "another horse 9").log_in().status == 200

    def test_are_signed_out_when_they_are_deleted(self, admin: Client, account: Account) -> None:
        user = User.objects.get(email=account.email)
        assert admin.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 302
        assert account.me().code == "session_revoked"
