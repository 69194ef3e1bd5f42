"""``GET users/me/security-events/`` and ``GET users/{id}/security-events/``."""

from datetime import datetime
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from backend.audit import events as audit
from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Session
from backend.core.ids import uuid7
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient
from backend.testing.staff import CHANGE, VIEW, permit, user_of

pytestmark = pytest.mark.django_db

ME = "users/me/security-events/"
NEW = "another horse battery 9"


@pytest.fixture
def account(client: ApiClient, db: None) -> Account:
    """Somebody who came by the front door, as their events tell."""
    return accounts.signed_in(client)


@pytest.fixture
def staff(client: ApiClient) -> Account:
    """Somebody who may see everybody."""
    return permit(accounts.signed_in(client), VIEW)


def mine(account: Account, query: str = "") -> Answer:
    return account.client.get(f"{ME}{query}", token=account.access)


def theirs(account: Account, user_id: object) -> Answer:
    return account.client.get(f"users/{user_id}/security-events/", token=account.access)


def types(answer: Answer) -> list[str]:
    assert answer.status == 200, answer
    return [event["type"] for event in answer.json["results"]]


class TestMeEvents:
    def test_refuses_the_anonymous(self, client: ApiClient) -> None:
        answer = client.get(ME)
        assert (answer.status, answer.code) == (401, "not_authenticated")

    def test_shows_nothing_of_others(self, client: ApiClient, account: Account) -> None:
        accounts.signed_in(client)
        audit.record(Event.LOGIN_FAILED, user_id=None)
        audit.record(Event.USER_CHANGED, user_id=uuid7(), actor_id=user_of(account).pk)
        assert types(mine(account)) == ["login_succeeded", "registered"]

    def test_refuses_a_page_size_out_of_range(self, account: Account) -> None:
        assert mine(account, "?page_size=101").code == "validation_error"

    def test_refuses_the_cursor_of_another_list(self, account: Account, staff: Account) -> None:
        audit.record(Event.NOT_ME, user_id=user_of(staff).pk)
        path = f"users/{user_of(staff).pk}/security-events/?page_size=1"
        address = staff.client.get(path, token=staff.access).json["next"]
        assert mine(account, f"?{address.partition('?')[2]}").code == "bad_request"

    def test_shows_what_happened(self, account: Account) -> None:
        account.log_in(**{"X-Request-ID": "the-request-id", "User-Agent": "Firefox/150"})
        event = mine(account).json["results"][0]
        assert datetime.fromisoformat(event.pop("created_at")).tzinfo
        assert event == {
            "id": str(SecurityEvent.objects.all()[0].pk),
            "type": "login_succeeded",
            "ip_address": "127.0.0.1",
            "user_agent": "Firefox/150",
            "session_id": str(Session.objects.all()[0].pk),
            "request_id": "the-request-id",
        }

    def test_does_not_tell_where_staff_sit(self, client: ApiClient, account: Account) -> None:
        staff = permit(accounts.signed_in(client), CHANGE)
        user_id = user_of(account).pk
        client.patch(f"users/{user_id}/", {"first_name": "Ada"}, token=staff.access)
        event = mine(account).json["results"][0]
        assert event["type"] == "user_changed"
        assert (event["ip_address"], event["user_agent"]) == (None, "")
        assert str(user_of(staff).pk) not in mine(account).body.decode()

    def test_shows_what_nobody_knows_the_origin_of(self, account: Account) -> None:
        audit.record(Event.NOT_ME, user_id=user_of(account).pk)
        event = mine(account).json["results"][0]
        assert event["ip_address"] is event["session_id"] is None
        assert event["user_agent"] == event["request_id"] == ""

    def test_shows_all_that_a_person_can_cause(self, account: Account) -> None:
        other = Account(account.client, account.email)
        other.log_in()
        change_password(account, "wrong horse battery 9")
        change_password(account, PASSWORD)
        account.password = "wrong horse battery 9"
        account.log_in()
        account.password = NEW
        for end in (log_out, log_out_everywhere, reuse):
            account.log_in()
            end(account)
        account.log_in()
        wanted = {
            "registered",
            "login_succeeded",
            "login_failed",
            "password_changed",
            "password_refused",
            "session_ended",
            "all_sessions_ended",
            "refresh_token_reused",
        }
        assert {*types(mine(account))} >= wanted

    def test_shows_each_type_there_is(self, account: Account) -> None:
        for event in Event:
            audit.record(event, user_id=user_of(account).pk)
        assert types(mine(account, "?page_size=100"))[: len(Event)] == [*Event][::-1]

    def test_pages_from_the_newest_to_the_oldest(self, account: Account) -> None:
        for _ in range(5):
            audit.record(Event.NOT_ME, user_id=user_of(account).pk)
        pages, address = [], f"{ME}?page_size=3"
        while address:
            answer = account.client.get(address, token=account.access)
            pages.append(types(answer))
            address = (answer.json["next"] or "").removeprefix("http://testserver")
        assert pages == [["not_me"] * 3, ["not_me"] * 2 + ["login_succeeded"], ["registered"]]

    def test_costs_the_bearer_and_the_page(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(5):
            audit.record(Event.NOT_ME, user_id=user_of(account).pk)
        with django_assert_num_queries(2):
            mine(account)


class TestEvents:
    def test_refuses_the_anonymous(self, client: ApiClient, account: Account) -> None:
        answer = client.get(f"users/{user_of(account).pk}/security-events/")
        assert (answer.status, answer.code) == (401, "not_authenticated")

    def test_refuses_others_and_even_oneself(self, client: ApiClient, account: Account) -> None:
        other = accounts.signed_in(client)
        for caller in (other, account):
            for user_id in (user_of(account).pk, uuid7()):
                answer = theirs(caller, user_id)
                assert (answer.status, answer.code) == (403, "permission_denied")

    def test_refuses_staff_with_other_permissions(self, client: ApiClient) -> None:
        clerk = permit(accounts.signed_in(client), CHANGE, "audit.view_securityevent")
        assert theirs(clerk, user_of(clerk).pk).status == 403

    def test_knows_nobody_who_is_not_there(self, staff: Account) -> None:
        answer = theirs(staff, uuid7())
        assert (answer.status, answer.code) == (404, "not_found")

    def test_shows_what_happened_to_them(self, staff: Account, account: Account) -> None:
        assert theirs(staff, user_of(account).pk).json["results"] == mine(account).json["results"]

    def test_costs_the_bearer_the_user_and_the_page(
        self, staff: Account, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        user_id = user_of(account).pk
        with django_assert_num_queries(3):
            theirs(staff, user_id)


def change_password(account: Account, current: str) -> Any:
    body = {"current_password": current, "new_password": NEW, "new_password_confirm": NEW}
    return account.client.post("auth/password/change/", body, token=account.access)


def log_out(account: Account) -> Any:
    return account.client.post("auth/logout/", token=account.access)


def log_out_everywhere(account: Account) -> Any:
    return account.client.post("auth/logout/all/", token=account.access)


def reuse(account: Account) -> Any:
    spent = account.refresh
    account.spend()
    return account.spend(spent, **{"User-Agent": "another"})
