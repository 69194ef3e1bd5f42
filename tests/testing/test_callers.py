"""People who are signed in."""

import pytest

from backend.audit.models import SecurityEvent
from backend.testing import callers
from backend.testing.accounts import PASSWORD
from backend.testing.callers import Caller, MakeUser, SignIn
from backend.testing.client import ApiClient
from backend.testing.mails import Mails
from backend.users import passwords
from backend.users import services as users
from backend.users.models import User


class TestCaller:
    def test_calls_with_a_token_of_its_own(self, as_user: Caller, client: ApiClient) -> None:
        assert as_user.get("users/me/").json["id"] == str(as_user.user.pk)
        assert client.get("users/me/").status == 401

    def test_calls_with_another_where_one_is_given(self, as_user: Caller, sign_in: SignIn) -> None:
        other = sign_in()
        assert as_user.get("users/me/", token=other.access).json["email"] == other.email
        assert as_user.get("users/me/", token="").status == 401

    def test_can_do_whatever_somebody_who_logged_in_can(
        self, as_user: Caller, client: ApiClient
    ) -> None:
        form = {"email": as_user.email, "password": as_user.password}
        client.post("auth/login/", form).require(200)
        client.post("auth/refresh/", {"refresh": as_user.refresh}).require(200)
        as_user.post("auth/logout/all/").require(204)
        assert as_user.get("users/me/").code == "session_revoked"

    def test_signs_in_again(self, as_user: Caller) -> None:
        users.end_all_sessions(as_user.user)
        assert as_user.get("users/me/").status == 401
        assert as_user.sign_in().get("users/me/").status == 200

    def test_causes_no_mail_and_no_event(self, as_user: Caller, mails: Mails) -> None:
        assert mails.all() == []
        assert not SecurityEvent.objects.exists()

    def test_hashes_no_password_twice(
        self, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sign_in()
        monkeypatch.setattr(passwords, "hash_password", lambda _: pytest.fail("it hashes"))
        assert sign_in().user.check_password(PASSWORD)


class TestAsUser:
    def test_is_one_person_throughout_a_test(
        self, as_user: Caller, request: pytest.FixtureRequest
    ) -> None:
        assert request.getfixturevalue("as_user") is as_user
        assert User.objects.get() == as_user.user

    def test_has_no_rights(self, as_user: Caller) -> None:
        assert not as_user.user.is_staff
        assert as_user.get("users/").outcome == "403 permission_denied"


class TestAsStaff:
    def test_has_no_permission(self, as_staff: Caller) -> None:
        assert as_staff.user.is_staff
        assert as_staff.get("users/").outcome == "403 permission_denied"

    @pytest.mark.parametrize("through_a_group", [False, True])
    def test_is_given_permissions(self, as_staff: Caller, through_a_group: bool) -> None:
        assert not as_staff.user.has_perm("users.view_user")
        as_staff.permit("users.view_user", through_a_group=through_a_group)
        assert as_staff.get("users/").status == 200
        assert as_staff.user.has_perm("users.view_user")
        assert not as_staff.user.has_perm("users.change_user")

    def test_keeps_permissions_when_given_more(self, as_staff: Caller) -> None:
        as_staff.permit("users.view_user").permit("users.change_user")
        assert as_staff.user.has_perms(["users.view_user", "users.change_user"])

    def test_has_a_browser_for_the_admin_site(self, as_staff: Caller, as_user: Caller) -> None:
        as_staff.permit("users.view_user")
        assert {*as_staff.browser().rows("/admin/users/user/")} == {as_staff.user, as_user.user}
        with pytest.raises(AssertionError, match="/admin/users/user/ answered 302"):
            as_user.browser().rows("/admin/users/user/")


class TestAsSuperuser:
    def test_may_do_everything(self, as_superuser: Caller) -> None:
        assert as_superuser.get("users/").status == 200
        assert as_superuser.browser().get("/admin/").status_code == 200


class TestSignIn:
    def test_makes_somebody_new_each_time(self, sign_in: SignIn) -> None:
        assert sign_in().user != sign_in().user

    def test_takes_the_fields_of_a_user(self, sign_in: SignIn) -> None:
        ada = sign_in(email="Ada@EXAMPLE.com", first_name="Ada", password="a third horse 9")
        assert (ada.email, ada.password) == ("ada@example.com", "a third horse 9")
        assert ada.get("users/me/").json["first_name"] == "Ada"
        assert ada.user.check_password("a third horse 9")


class TestMakeUser:
    def test_makes_a_row_and_no_session(self, make_user: MakeUser) -> None:
        user = make_user(last_name="Lovelace")
        assert User.objects.get(last_name="Lovelace") == user
        assert not user.sessions.exists()

    def test_is_there_for_modules_as_well(self, db: None) -> None:
        assert callers.make_user().check_password(PASSWORD)
