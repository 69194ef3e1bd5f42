"""Sessions in the admin site: looked at, and ended."""

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.browser import Browser, browser
from backend.testing.callers import make_user
from backend.testing.client import ApiClient
from backend.testing.staff import promote, user_of
from backend.users import services as users
from backend.users.models import User

pytestmark = pytest.mark.django_db

LIST = "/admin/authentication/session/"


@pytest.fixture
def clerk(db: None) -> User:
    """Staff who may look at sessions and change users."""
    user = make_user(email="clerk@example.com", is_staff=True)
    names = ["view_session", "change_session", "delete_session", "add_session", "change_user"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def end(client: Browser, *sessions: Session) -> HttpResponse:
    """Choose the action for the selected sessions."""
    return client.act(LIST, "end", *sessions)


def shown(client: Browser, **query: str) -> set[Session]:
    return {*client.rows(LIST, **query)}


class TestList:
    def test_is_not_for_the_anonymous(self) -> None:
        assert browser().get(LIST).status_code == 302

    def test_is_not_for_staff_without_permission(self, clerk: User) -> None:
        clerk.user_permissions.clear()
        assert browser(clerk).get(LIST).status_code == 403

    def test_shows_every_session(self, boss: User, client: ApiClient) -> None:
        people = [accounts.signed_in(client) for _ in range(3)]
        found = shown(browser(boss))
        assert {session.user.email for session in found} == {account.email for account in people}

    def test_searches_by_user_and_address(self, boss: User, client: ApiClient) -> None:
        account = accounts.signed_in(client)
        visitor = browser(boss)
        for query in (account.email.upper(), account.email[:6], "127.0.0.1"):
            assert len(shown(visitor, q=query)) == 1
        assert shown(visitor, q="nobody") == set()

    def test_filters_the_ended_from_the_rest(self, boss: User, account: Account) -> None:
        first = Session.objects.get()
        account.log_in()
        Session.objects.filter(pk=first.pk).update(revoked_at=timezone.now())
        visitor = browser(boss)
        assert shown(visitor, revoked_at__isempty="0") == {first}
        assert first not in shown(visitor, revoked_at__isempty="1")

    @pytest.mark.parametrize("state", ["live", "revoked", "disabled", "epoch"])
    def test_tells_the_live_from_the_others(self, boss: User, account: Account, state: str) -> None:
        if state == "revoked":
            Session.objects.update(revoked_at=timezone.now())
        elif state == "disabled":
            User.objects.filter(email=account.email).update(is_active=False)
        elif state == "epoch":
            users.end_all_sessions(user_of(account))
        content = browser(boss).get(LIST).content.decode()
        assert ("icon-yes" in content) == (state == "live")
        assert ("icon-no" in content) == (state != "live")


class TestSession:
    def test_is_only_read(self, boss: User, account: Account) -> None:
        session = Session.objects.get()
        before = Session.objects.values().get()
        visitor = browser(boss)
        page = reverse("admin:authentication_session_change", args=[session.pk])
        answer = visitor.get(page)
        assert answer.status_code == 200
        assert b'name="_save"' not in answer.content
        assert visitor.post(page, {"user_agent": "forged", "expires_at": ""}).status_code == 403
        assert Session.objects.values().get() == before

    @pytest.mark.parametrize("who", ["boss", "clerk"])
    def test_is_neither_added_nor_deleted(
        self, boss: User, clerk: User, account: Account, who: str
    ) -> None:
        session = Session.objects.get()
        visitor = browser({"boss": boss, "clerk": clerk}[who])
        assert visitor.get(f"{LIST}add/").status_code == 403
        assert visitor.post(f"{LIST}add/", {}).status_code == 403
        page = reverse("admin:authentication_session_delete", args=[session.pk])
        assert visitor.post(page, {"post": "yes"}).status_code == 403
        form = {"action": "delete_selected", "_selected_action": [str(session.pk)], "post": "yes"}
        visitor.post(LIST, form)
        assert account.me().status == 200

    def test_shows_nothing_that_could_be_used_as_a_token(
        self, boss: User, account: Account
    ) -> None:
        session = Session.objects.get()
        page = reverse("admin:authentication_session_change", args=[session.pk])
        for path in (LIST, page):
            content = browser(boss).get(path).content.decode()
            assert str(session.refresh_jti) not in content
            for token in (account.access, account.refresh):
                assert token.rpartition(".")[2] not in content


class TestEnd:
    def test_is_not_for_those_who_may_only_look(self, clerk: User, account: Account) -> None:
        clerk.user_permissions.set(Permission.objects.filter(codename="view_session"))
        end(browser(clerk), Session.objects.get())
        assert account.me().status == 200

    def test_of_a_superuser_is_not_for_staff(self, clerk: User, client: ApiClient) -> None:
        account = promote(accounts.signed_in(client))
        assert b"0 sessions ended." in end(browser(clerk), Session.objects.get()).content
        assert account.me().status == 200

    @pytest.mark.parametrize("who", ["boss", "clerk"])
    def test_works_this_moment(self, boss: User, clerk: User, account: Account, who: str) -> None:
        second = Account(account.client, account.email)
        second.log_in()
        visitor = browser({"boss": boss, "clerk": clerk}[who])
        answer = end(visitor, Session.objects.earliest("id"))
        assert b"1 session ended." in answer.content
        assert account.me().code == "session_revoked"
        assert account.spend().code == "session_revoked"
        assert second.me().status == 200

    def test_of_a_superuser_is_for_superusers(self, boss: User, client: ApiClient) -> None:
        account = promote(accounts.signed_in(client))
        end(browser(boss), Session.objects.get())
        assert account.me().code == "session_revoked"

    def test_keeps_the_time_of_those_that_have_ended(self, boss: User, account: Account) -> None:
        moment = timezone.now()
        Session.objects.update(revoked_at=moment)
        assert b"0 sessions ended." in end(browser(boss), Session.objects.get()).content
        assert Session.objects.get().revoked_at == moment
