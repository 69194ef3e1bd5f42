"""Security events: one log line each."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from backend.authentication import links
from backend.authentication.models import Purpose, Session
from backend.core.ids import uuid7
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient
from backend.testing.staff import CHANGE, permit, user_of
from backend.testing.tasks import Tasks
from tests.conftest import Lines

NEW = "another horse battery 9"
ID = "the-request-id"
SENT = {"X-Request-ID": ID}


def change(account: Account, current: str) -> None:
    body = {"current_password": current, "new_password": NEW, "new_password_confirm": NEW}
    account.client.post("auth/password/change/", body, token=account.access, headers=SENT)


def reuse(account: Account) -> None:
    spent = account.refresh
    account.spend()
    Session.objects.update(user_agent="another")
    account.spend(spent, **SENT)


def end_one(account: Account) -> None:
    path = f"auth/sessions/{Session.objects.get().pk}/"
    account.client.delete(path, token=account.access, headers=SENT)


def log_out(account: Account, **body: str) -> None:
    token = None if body else account.access
    account.client.post("auth/logout/", body or None, token=token, headers=SENT)


def log_in_wrongly(account: Account) -> None:
    account.password = "wrong horse battery 9"
    account.log_in(**SENT)


def use_link(
    account: Account, purpose: Purpose, path: str, email: str | None = None, **fields: str
) -> None:
    """Use a link as a mail carries it."""
    link = links.issue(purpose, user_of(account), now=timezone.now(), email=email)
    body = {"token": links.token(link), **fields}
    assert account.client.post(path, body, headers=SENT).status == 204


def reset(account: Account) -> None:
    path, new = "auth/password/reset/confirm/", {"password": NEW, "password_confirm": NEW}
    use_link(account, Purpose.RESET_PASSWORD, path, **new)


def ask_for_a_reset(account: Account) -> None:
    account.client.post("auth/password/reset/", {"email": account.email}, headers=SENT)
    Tasks().run()


def change_email(account: Account, password: str) -> None:
    body = {"email": "new@example.com", "password": password}
    account.client.post("auth/email/change/", body, token=account.access, headers=SENT)


def delete(account: Account, password: str) -> None:
    body = {"password": password}
    account.client.post("users/me/delete/", body, token=account.access, headers=SENT)


# What happens, its event, and whether the line names the session.
EVENTS: dict[str, tuple[Callable[[Account], Any], str, bool]] = {
    "login": (lambda account: account.log_in(**SENT), "login_succeeded", True),
    "wrong password": (log_in_wrongly, "login_failed", False),
    "password change": (lambda account: change(account, PASSWORD), "password_changed", True),
    "wrong current": (lambda account: change(account, "wrong"), "password_refused", True),
    "logout by bearer": (log_out, "session_ended", True),
    "logout by token": (lambda a: log_out(a, refresh=a.refresh), "session_ended", True),
    "session ended": (end_one, "session_ended", True),
    "logout everywhere": (
        lambda a: a.client.post("auth/logout/all/", token=a.access, headers=SENT),
        "all_sessions_ended",
        False,
    ),
    "reuse": (reuse, "refresh_token_reused", True),
    "reset asked for": (ask_for_a_reset, "password_reset_requested", False),
    "reset": (reset, "password_reset", False),
    "verification": (
        lambda a: use_link(a, Purpose.VERIFY_EMAIL, "auth/email/verify/"),
        "email_verified",
        False,
    ),
    "new address asked for": (
        lambda account: change_email(account, PASSWORD),
        "email_change_requested",
        True,
    ),
    "new address refused": (
        lambda account: change_email(account, "wrong"),
        "password_refused",
        True,
    ),
    "new address": (
        lambda a: use_link(a, Purpose.CHANGE_EMAIL, "auth/email/verify/", "new@example.com"),
        "email_changed",
        False,
    ),
    "objection": (lambda a: use_link(a, Purpose.NOT_ME, "auth/not-me/"), "not_me", False),
    "deletion": (lambda account: delete(account, PASSWORD), "account_deleted", False),
    "deletion refused": (lambda account: delete(account, "wrong"), "password_refused", True),
}


def events(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["logger"] == "backend.security"]


@pytest.mark.django_db
class TestSecurityEvent:
    def test_is_not_written_for_what_did_not_happen(
        self, client: ApiClient, account: Account, log_lines: Lines
    ) -> None:
        client.post("auth/register/", {"email": account.email})
        client.post("auth/register/", {"email": account.email, "password": "x"})
        client.post("auth/logout/all/")
        client.get("users/", token=account.access)
        client.delete(f"auth/sessions/{uuid7()}/", token=account.access)
        account.me()
        account.spend()
        client.post("auth/password/reset/", {"email": "nobody@example.com"})
        client.post("auth/email/verify/resend/", {"email": account.email})
        for path in ("auth/email/verify/", "auth/not-me/"):
            client.post(path, {"token": "x"})
        new = {"password": NEW, "password_confirm": NEW}
        client.post("auth/password/reset/confirm/", {"token": "x", **new})
        Tasks().run()
        assert events(log_lines()) == []

    @pytest.mark.parametrize(("act", "event", "names_session"), EVENTS.values(), ids=EVENTS)
    def test_is_one_line(
        self,
        account: Account,
        log_lines: Lines,
        act: Callable[[Account], Any],
        event: str,
        names_session: bool,
    ) -> None:
        user = user_of(account)
        act(account)
        (line,) = events(log_lines())
        assert (line["event"], line["user_id"]) == (event, str(user.pk))
        assert (line["level"], line["message"]) == ("INFO", "security event")
        assert line["request_id"] == ID
        if names_session:
            assert line["session_id"] in {str(s.pk) for s in Session.objects.filter(user=user)}
        assert "actor_id" not in line

    def test_of_a_registration_names_the_new_user(
        self, client: ApiClient, log_lines: Lines
    ) -> None:
        account = accounts.register(client)
        (line,) = events(log_lines())
        assert (line["event"], line["user_id"]) == ("registered", str(user_of(account).pk))

    @pytest.mark.parametrize("email", ["nobody@example.com", "no address"])
    def test_of_a_guess_names_no_account_that_is_not_there(
        self, client: ApiClient, log_lines: Lines, email: str
    ) -> None:
        client.post("auth/login/", {"email": email, "password": PASSWORD})
        lines = log_lines()
        (line,) = events(lines)
        assert line["event"] == "login_failed"
        assert "user_id" not in line
        assert email not in json.dumps(lines)

    def test_of_a_change_by_staff_names_who_did_it(
        self, client: ApiClient, account: Account, log_lines: Lines
    ) -> None:
        staff = permit(accounts.signed_in(client), CHANGE)
        log_lines()
        path = f"users/{user_of(account).pk}/"
        client.patch(path, {"is_active": False}, token=staff.access, headers=SENT)
        (line,) = events(log_lines())
        assert (line["event"], line["request_id"]) == ("user_changed", ID)
        assert line["user_id"] == str(user_of(account).pk)
        assert line["actor_id"] == str(user_of(staff).pk)

    def test_stands_beside_one_access_line_of_the_same_request(
        self, account: Account, log_lines: Lines
    ) -> None:
        account.log_in(**SENT)
        access = [line for line in log_lines() if line["logger"] == "backend.access"]
        (line,) = access
        assert line["request_id"] == ID
        wanted = {"method", "route", "status", "duration_ms", "user_id", "client"}
        assert wanted <= line.keys()

    def test_is_not_forged_by_a_request_id(self, account: Account, log_lines: Lines) -> None:
        forged = 'x\n{"logger": "backend.security", "event": "forged"}'
        account.client.django.defaults["HTTP_X_REQUEST_ID"] = forged  # type: ignore[attr-defined]  # in process
        account.log_in()
        (line,) = events(log_lines())
        assert line["event"] == "login_succeeded"
        assert line["request_id"] != forged
