"""Each change with its security event, or not at all; refusals with theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError

from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Session
from backend.core.ids import uuid7
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.browser import browser
from backend.testing.client import ApiClient
from backend.testing.staff import CHANGE, permit, user_of
from backend.users.models import User
from tests.users.browser import LIST, act, page_of

NEW = "another horse battery 9"


def post(path: str, **body: str) -> Callable[[Account], Any]:
    return lambda account: account.client.post(path, body or None, token=account.access)


def end_one(account: Account) -> None:
    path = f"auth/sessions/{Session.objects.get().pk}/"
    account.client.delete(path, token=account.access)


def boss() -> User:
    return User.objects.create_superuser(f"boss{uuid7()}@example.com")


def by_action(name: str) -> Callable[[Account], Any]:
    return lambda account: act(browser(boss()), name, user_of(account))


def set_password(account: Account) -> None:
    form = {"usable_password": "true", "password1": NEW, "password2": NEW}
    browser(boss()).post(f"/admin/users/user/{user_of(account).pk}/password/", form)


def delete_selected(account: Account) -> None:
    selected = [str(user_of(account).pk)]
    form = {"action": "delete_selected", "_selected_action": selected, "post": "yes"}
    browser(boss()).post(LIST, form)


def end_by_staff(account: Account) -> None:
    form = {"action": "end", "_selected_action": [str(Session.objects.get().pk)]}
    browser(boss()).post("/admin/authentication/session/", form)


CHANGES: dict[str, Callable[[Account], Any]] = {
    "login": lambda account: account.log_in(),
    "password change": post(
        "auth/password/change/",
        current_password=PASSWORD,
        new_password=NEW,
        new_password_confirm=NEW,
    ),
    "logout by bearer": post("auth/logout/"),
    "logout by token": lambda a: a.client.post("auth/logout/", {"refresh": a.refresh}),
    "logout everywhere": post("auth/logout/all/"),
    "session ended": end_one,
    "change by staff": lambda account: account.client.patch(
        f"users/{user_of(account).pk}/",
        {"first_name": "Eve"},
        token=permit(accounts.signed_in(account.client), CHANGE).access,
    ),
    "disabled": by_action("disable"),
    "sessions ended by staff": by_action("end_sessions"),
    "session ended by staff": end_by_staff,
    "password set by staff": set_password,
    "deleted by staff": lambda account: browser(boss()).post(
        page_of(user_of(account)).replace("change", "delete"), {"post": "yes"}
    ),
    "selected and deleted by staff": delete_selected,
}


def rows_of(user: User) -> list[Any]:
    """Everything that a change could have changed."""
    sessions = Session.objects.filter(user_id=user.pk).order_by("pk")
    return [*User.objects.filter(pk=user.pk).values(), *sessions.values()]


@pytest.mark.django_db
class TestChange:
    @pytest.mark.parametrize("act", CHANGES.values(), ids=CHANGES)
    def test_is_not_there_without_its_event(
        self, account: Account, monkeypatch: pytest.MonkeyPatch, act: Callable[[Account], Any]
    ) -> None:
        user = user_of(account)
        before = rows_of(user)
        save = SecurityEvent.save

        def fail(event: SecurityEvent, **options: Any) -> None:
            if event.user_id != user.pk:  # whoever acts has to sign in first
                return save(event, **options)
            raise DatabaseError

        monkeypatch.setattr(SecurityEvent, "save", fail)
        act(account)
        assert rows_of(user) == before

    @pytest.mark.parametrize("act", CHANGES.values(), ids=CHANGES)
    def test_leaves_its_event(self, account: Account, act: Callable[[Account], Any]) -> None:
        user = user_of(account)
        before = SecurityEvent.objects.filter(user_id=user.pk).count()
        act(account)
        assert SecurityEvent.objects.filter(user_id=user.pk).count() > before

    def test_that_is_a_registration_is_not_there_without_its_event(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(event: SecurityEvent, **options: Any) -> None:
            raise DatabaseError

        monkeypatch.setattr(SecurityEvent, "save", fail)
        body = {"email": "ada@example.com", "password": PASSWORD, "password_confirm": PASSWORD}
        assert client.post("auth/register/", body).status == 500
        assert not User.objects.exists()


def reuse(account: Account) -> Any:
    spent = account.refresh
    account.spend()
    Session.objects.update(user_agent="another")
    return account.spend(spent)


REFUSALS: dict[str, tuple[Callable[[Account], Any], Event]] = {
    "wrong password": (
        lambda a: a.client.post("auth/login/", {"email": a.email, "password": NEW}),
        Event.LOGIN_FAILED,
    ),
    "wrong current password": (
        post(
            "auth/password/change/",
            current_password="wrong",
            new_password=NEW,
            new_password_confirm=NEW,
        ),
        Event.PASSWORD_REFUSED,
    ),
    "reuse": (reuse, Event.REFRESH_TOKEN_REUSED),
}


@pytest.mark.django_db(transaction=True)
class TestRefusal:
    @pytest.mark.parametrize(("act", "event"), REFUSALS.values(), ids=REFUSALS)
    def test_is_on_record(
        self, client: ApiClient, act: Callable[[Account], Any], event: Event
    ) -> None:
        account = accounts.signed_in(client)
        assert act(account).status in {400, 401}
        latest = SecurityEvent.objects.all()[0]
        assert (latest.type, latest.user_id) == (event, user_of(account).pk)

    def test_of_a_reused_token_ended_its_session_with_its_event_or_not_at_all(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(event: SecurityEvent, **options: Any) -> None:
            raise DatabaseError

        account = accounts.signed_in(client)
        monkeypatch.setattr(SecurityEvent, "save", fail)
        assert reuse(account).status == 500
        assert Session.objects.get().revoked_at is None
