"""Users in the admin site: disabling, passwords, deletion, groups."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from model_bakery import baker
from pytest_django import Settings

from backend.testing.accounts import PASSWORD, Account
from backend.testing.browser import browser
from backend.testing.staff import user_of
from backend.users import passwords
from backend.users.errors import TooBusyToHash
from backend.users.models import User, UserQuerySet
from tests.users.browser import LIST, NEW, act, form_of, is_signed_in, page_of

pytestmark = pytest.mark.django_db


class TestDisabling:
    def test_on_the_page_ends_the_sessions_at_once(
        self, boss: User, ada: User, account: Account
    ) -> None:
        browser(boss).post(page_of(ada), form_of(ada, is_active=...))
        assert account.me().code == "session_revoked"
        assert account.spend().code == "session_revoked"

    def test_by_the_action_ends_the_sessions_at_once_and_for_good(
        self, clerk: User, ada: User, account: Account
    ) -> None:
        client = browser(clerk)
        assert b"1 user changed." in act(client, "disable", ada).content
        assert account.me().code == "session_revoked"
        assert b"1 user changed." in act(client, "enable", ada).content
        assert user_of(account).is_active
        assert account.me().code == "session_revoked"
        assert account.log_in().status == 200

    @pytest.mark.parametrize("action", ["disable", "end_sessions"])
    def test_ends_the_users_own_visit_to_the_admin_site(self, boss: User, action: str) -> None:
        staff = User.objects.create_user("staff@example.com", PASSWORD, is_staff=True)
        visitor = browser(staff)
        assert is_signed_in(visitor)
        act(browser(boss), action, staff)
        assert not is_signed_in(visitor)
        act(browser(boss), "enable", staff)
        assert not is_signed_in(visitor)

    def test_by_the_action_ends_sessions_and_leaves_the_account(
        self, clerk: User, ada: User, account: Account
    ) -> None:
        act(browser(clerk), "end_sessions", ada)
        assert account.me().code == "session_revoked"
        assert account.log_in().status == 200

    @pytest.mark.parametrize("action", ["disable", "enable", "end_sessions"])
    def test_of_a_superuser_is_not_for_staff(
        self, clerk: User, boss: User, ada: User, action: str
    ) -> None:
        User.objects.filter(pk=boss.pk).update(is_active=action != "enable")
        before = User.objects.values().get(pk=boss.pk)
        answer = act(browser(clerk), action, boss, ada)
        assert b"1 user changed." in answer.content
        assert User.objects.values().get(pk=boss.pk) == before

    @pytest.mark.parametrize("action", ["disable", "enable", "end_sessions"])
    def test_is_not_for_those_who_may_only_look(
        self, clerk: User, ada: User, account: Account, action: str
    ) -> None:
        clerk.user_permissions.set(Permission.objects.filter(codename="view_user"))
        act(browser(clerk), action, ada)
        assert account.me().status == 200

    def test_is_written_into_the_history(self, boss: User, ada: User) -> None:
        act(browser(boss), "disable", ada)
        assert LogEntry.objects.get(object_id=str(ada.pk)).user == boss


class TestSetPassword:
    def path(self, user: User) -> str:
        return reverse("admin:auth_user_password_change", args=[user.pk])

    def form(self, password: str = NEW) -> dict[str, str]:
        return {"password1": password, "password2": password, "usable_password": "true"}

    def test_of_a_superuser_is_not_for_staff(self, clerk: User, boss: User) -> None:
        assert browser(clerk).get(self.path(boss)).status_code == 403
        assert browser(clerk).post(self.path(boss), self.form()).status_code == 403
        boss.refresh_from_db()
        assert boss.check_password(PASSWORD)

    def test_is_held_against_the_policy(self, clerk: User, ada: User) -> None:
        assert browser(clerk).post(self.path(ada), self.form("password")).status_code == 200
        ada.refresh_from_db()
        assert ada.check_password(PASSWORD)

    def test_ends_every_session(self, clerk: User, ada: User, account: Account) -> None:
        assert browser(clerk).post(self.path(ada), self.form()).status_code == 302
        assert account.me().code == "session_revoked"
        account.password = NEW
        assert account.log_in().status == 200

    def test_of_oneself_keeps_one_signed_in_here(self, boss: User) -> None:
        client = browser(boss)
        assert client.post(self.path(boss), self.form()).status_code == 302
        assert is_signed_in(client)
        boss.refresh_from_db()
        assert boss.check_password(NEW)

    def test_is_no_failure_when_too_many_hashes_are_waiting(
        self, boss: User, ada: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: str) -> str:
            raise TooBusyToHash

        monkeypatch.setattr(passwords, "hash_password", fail)
        assert browser(boss).post(self.path(ada), self.form()).status_code == 503

    def test_shows_no_hash(self, boss: User, ada: User) -> None:
        content = browser(boss).get(page_of(ada)).content.decode()
        assert ada.password.rpartition("$")[2] not in content


class TestDelete:
    def path(self, user: User) -> str:
        return reverse("admin:users_user_delete", args=[user.pk])

    def test_of_a_superuser_is_not_for_staff(self, clerk: User, boss: User) -> None:
        assert browser(clerk).post(self.path(boss), {"post": "yes"}).status_code == 403
        form = {"action": "delete_selected", "_selected_action": [str(boss.pk)], "post": "yes"}
        assert browser(clerk).post(LIST, form).status_code == 403
        assert User.objects.filter(pk=boss.pk).exists()

    @pytest.mark.parametrize("who", ["boss", "clerk"])
    def test_takes_the_sessions_along(
        self, boss: User, clerk: User, ada: User, account: Account, who: str
    ) -> None:
        client = browser({"boss": boss, "clerk": clerk}[who])
        assert client.post(self.path(ada), {"post": "yes"}).status_code == 302
        assert not UserQuerySet(User).existing().filter(pk=ada.pk).exists()
        assert account.me().code == "session_revoked"


class TestGroups:
    PATH = "/admin/auth/group/"

    @pytest.mark.parametrize("path", ["", "add/", "1/change/", "1/delete/"])
    def test_are_not_for_staff_whatever_their_permissions(self, clerk: User, path: str) -> None:
        baker.make(Group, pk=1)
        clerk.user_permissions.set(Permission.objects.all())
        client = browser(clerk)
        assert client.get(self.PATH + path).status_code == 403
        assert client.post(self.PATH + path, {"name": "forged", "post": "yes"}).status_code == 403
        assert [group.name for group in Group.objects.all()] != ["forged"]
        assert self.PATH not in client.get("/admin/").content.decode()

    def test_are_for_superusers(self, boss: User) -> None:
        client = browser(boss)
        assert client.get(self.PATH).status_code == 200
        permission = Permission.objects.get(codename="view_user")
        form = {"name": "readers", "permissions": [str(permission.pk)]}
        assert client.post(f"{self.PATH}add/", form).status_code == 302
        assert Group.objects.get().permissions.get() == permission


class TestPages:
    def test_are_branded(self, boss: User) -> None:
        for answer in (browser(boss).get("/admin/"), browser().get("/admin/login/")):
            content = answer.content.decode()
            assert "Backend administration" in content
            assert "/static/users/admin.css" in content

    def test_load_nothing_from_elsewhere(self, boss: User, ada: User) -> None:
        client = browser(boss)
        for path in ("/admin/", LIST, page_of(ada), f"{LIST}add/"):
            content = client.get(path).content.decode()
            for attribute in ('src="http', "src='http", 'src="//', '<link href="http'):
                assert attribute not in content

    def test_are_404_and_405_without_an_envelope(self, boss: User, settings: Settings) -> None:
        answer = browser(boss).get("/admin/nothing/")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")
