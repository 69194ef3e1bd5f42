"""Security events as rows: what they hold, and what they share a transaction with."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from backend.audit import events as audit
from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Session
from backend.core.http.client import NOBODY, Client
from backend.core.ids import uuid7
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient, InProcess
from backend.testing.staff import CHANGE, permit, user_of
from tests.conftest import Lines

SENT = {"X-Request-ID": "the-request-id", "User-Agent": "Firefox/150"}
SOMEWHERE = Client("203.0.113.9", "curl/8")


@pytest.fixture
def account(client: ApiClient, db: None) -> Account:
    """Somebody who came by the front door, as their events tell."""
    return accounts.signed_in(client)


def latest() -> SecurityEvent:
    return SecurityEvent.objects.all()[0]


def security(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["logger"] == "backend.security"]


@pytest.mark.django_db
class TestRow:
    def test_tells_where_it_came_from(self, client: ApiClient, account: Account) -> None:
        elsewhere = InProcess()
        elsewhere.django.defaults["REMOTE_ADDR"] = "192.0.2.7"
        Account(elsewhere, account.email).log_in(**SENT)
        row = latest()
        assert row.type == Event.LOGIN_SUCCEEDED
        assert row.user_id == user_of(account).pk
        assert row.session_id == Session.objects.all()[0].pk
        assert (row.ip_address, row.user_agent) == ("192.0.2.7", "Firefox/150")
        assert (row.request_id, row.actor_id) == ("the-request-id", None)

    def test_has_the_time_of_the_change(self, account: Account) -> None:
        assert latest().created_at == Session.objects.get().created_at

    def test_of_a_guess_names_nobody(self, client: ApiClient) -> None:
        client.post("auth/login/", {"email": "nobody@example.com", "password": PASSWORD})
        row = latest()
        assert (row.type, row.user_id, row.session_id) == (Event.LOGIN_FAILED, None, None)
        assert row.ip_address == "127.0.0.1"
        assert "nobody" not in json.dumps(SecurityEvent.objects.values().get(), default=str)

    def test_of_a_change_by_staff_names_both(self, client: ApiClient, account: Account) -> None:
        staff = permit(accounts.signed_in(client), CHANGE)
        user_id = user_of(account).pk
        client.patch(f"users/{user_id}/", {"first_name": "Ada"}, token=staff.access)
        row = latest()
        assert row.type == Event.USER_CHANGED
        assert (row.user_id, row.actor_id) == (user_id, user_of(staff).pk)

    def test_stores_no_control_characters(self, account: Account) -> None:
        account.log_in(**{"User-Agent": "a\x1b[31mb"})
        assert latest().user_agent == "a�[31mb"

    def test_outlives_its_account(self, account: Account) -> None:
        user = user_of(account)
        user_id = user.pk
        user.delete()
        kinds = [*SecurityEvent.objects.filter(user_id=user_id).values_list("type", flat=True)]
        assert kinds == [Event.LOGIN_SUCCEEDED, Event.REGISTERED]

    def test_is_one_statement(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            audit.record(Event.REGISTERED, user_id=uuid7())


@pytest.mark.django_db
class TestRecordOutsideOfARequest:
    def test_comes_from_nobody(self) -> None:
        row = audit.record(Event.NOT_ME, user_id=uuid7())
        row.refresh_from_db()
        assert (row.ip_address, row.user_agent, row.request_id) == (None, "", "")

    def test_takes_what_it_is_told(self) -> None:
        now = datetime(2026, 1, 2, tzinfo=UTC)
        row = audit.record(
            Event.NOT_ME, user_id=uuid7(), client=SOMEWHERE, request_id="earlier", now=now
        )
        row.refresh_from_db()
        assert (row.ip_address, row.user_agent) == ("203.0.113.9", "curl/8")
        assert (row.request_id, row.created_at) == ("earlier", now)


@pytest.mark.django_db(transaction=True)
class TestTransaction:
    def test_that_is_rolled_back_leaves_neither_row_nor_line(self, log_lines: Lines) -> None:
        def fail() -> None:
            with transaction.atomic():
                audit.record(Event.REGISTERED, user_id=uuid7())
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert not SecurityEvent.objects.exists()
        assert security(log_lines()) == []

    def test_says_it_once_it_is_committed(self, log_lines: Lines) -> None:
        with transaction.atomic():
            audit.record(Event.REGISTERED, user_id=uuid7())
            assert security(log_lines()) == []
        (line,) = security(log_lines())
        assert line["event"] == "registered"

    def test_is_not_needed(self, log_lines: Lines) -> None:
        audit.record(Event.LOGIN_FAILED, user_id=None)
        (line,) = security(log_lines())
        assert line["event"] == "login_failed"
        assert SecurityEvent.objects.count() == 1


@pytest.mark.django_db
class TestLine:
    def test_has_the_names_of_the_row(
        self, log_lines: Lines, django_capture_on_commit_callbacks: Any
    ) -> None:
        user_id, session_id, actor_id = uuid7(), uuid7(), uuid7()
        with django_capture_on_commit_callbacks(execute=True):
            audit.record(
                Event.SESSION_ENDED,
                user_id=user_id,
                session_id=session_id,
                actor_id=actor_id,
                client=SOMEWHERE,
                request_id="earlier",
            )
        (line,) = security(log_lines())
        ids = line["user_id"], line["session_id"], line["actor_id"]
        assert ids == (str(user_id), str(session_id), str(actor_id))
        assert (line["client"], line["request_id"]) == ("203.0.113.9", "earlier")

    @pytest.mark.parametrize("client", [None, NOBODY])
    def test_leaves_out_what_there_is_not(
        self, log_lines: Lines, client: Client | None, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            audit.record(Event.LOGIN_FAILED, user_id=None, client=client)
        (line,) = security(log_lines())
        standard = {"timestamp", "level", "logger", "message", "process"}
        assert line.keys() - standard == {"event"}

    def test_leaves_the_client_to_the_access_line(self, account: Account, log_lines: Lines) -> None:
        account.log_in()
        (line,) = security(log_lines())
        assert "client" not in line
        assert "user_agent" not in line
