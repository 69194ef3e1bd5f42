"""Security events in the admin site: looked at, and nothing else."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from backend.audit import events as audit
from backend.audit.models import Event, SecurityEvent
from backend.core.http.client import Client as Caller
from backend.core.ids import uuid7
from backend.testing.browser import Browser, browser
from backend.testing.callers import make_user
from backend.users.models import User

pytestmark = pytest.mark.django_db

LIST = "/admin/audit/securityevent/"


@pytest.fixture
def auditor() -> User:
    """Staff who may look at security events."""
    user = make_user(email="auditor@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_securityevent"))
    return user


@pytest.fixture
def ada() -> User:
    """Somebody to whom things happen."""
    return User.objects.create_user("ada@example.com")


def note(event: Event = Event.LOGIN_SUCCEEDED, **fields: Any) -> SecurityEvent:
    return audit.record(event, **{"user_id": uuid7(), **fields})


def page_of(event: SecurityEvent) -> str:
    return reverse("admin:audit_securityevent_change", args=[event.pk])


def shown(visitor: Browser, **query: str) -> list[SecurityEvent]:
    return visitor.rows(LIST, **query)


class TestList:
    def test_is_not_for_the_anonymous(self) -> None:
        assert browser().get(LIST).status_code == 302

    def test_is_not_for_staff_without_permission(self, auditor: User) -> None:
        auditor.user_permissions.clear()
        assert browser(auditor).get(LIST).status_code == 403

    def test_shows_the_newest_first(self, auditor: User) -> None:
        noted = [note(), note(), note(user_id=None)]
        assert shown(browser(auditor)) == noted[::-1]

    def test_names_who_is_there_and_has_ids_of_the_others(self, auditor: User, ada: User) -> None:
        gone = uuid7()
        note(user_id=ada.pk, actor_id=auditor.pk)
        note(user_id=gone)
        content = browser(auditor).get(LIST).content.decode()
        assert "ada@example.com" in content
        assert str(gone) in content
        assert str(ada.pk) not in content
        (_, by_staff) = shown(browser(auditor))
        assert (by_staff.user_name, by_staff.actor_name) == ("ada@example.com", auditor.email)

    @pytest.mark.parametrize("amount", [1, 20])
    def test_costs_the_same_however_many_there_are(
        self,
        auditor: User,
        ada: User,
        django_assert_num_queries: DjangoAssertNumQueries,
        amount: int,
    ) -> None:
        for _ in range(amount):
            note(user_id=ada.pk)
        visitor = browser(auditor)
        # The user, two for their permissions, the count, the page; the cookie's session is cached.
        with django_assert_num_queries(5):
            shown(visitor)

    def test_filters_by_type_and_date(self, auditor: User) -> None:
        failed = note(Event.LOGIN_FAILED)
        note()
        visitor = browser(auditor)
        assert shown(visitor, type__exact="login_failed") == [failed]
        assert len(shown(visitor, created_at__gte="2020-01-01 00:00:00+00:00")) == 2
        assert shown(visitor, created_at__lt="2020-01-01 00:00:00+00:00") == []


class TestSearch:
    @pytest.mark.parametrize("field", ["user_id", "actor_id", "session_id"])
    def test_finds_ids(self, auditor: User, field: str) -> None:
        sought = uuid7()
        named: dict[str, Any] = {field: sought}
        found = note(**named)
        note()
        assert shown(browser(auditor), q=f" {str(sought).upper()} ") == [found]

    @pytest.mark.parametrize(
        "request_id", ["the-request-id", "01a21f66-0ded-7389-a6b6-3e33e0537b56"]
    )
    def test_finds_a_request(self, auditor: User, request_id: str) -> None:
        found = note(request_id=request_id)
        note(request_id="another")
        assert shown(browser(auditor), q=request_id) == [found]

    @pytest.mark.parametrize(
        ("address", "sought"), [("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:0DB8:0::1")]
    )
    def test_finds_an_address(self, auditor: User, address: str, sought: str) -> None:
        found = note(client=Caller(address, ""))
        note(client=Caller("192.0.2.77", ""))
        assert shown(browser(auditor), q=sought) == [found]

    def test_finds_somebody_by_any_spelling_of_the_email(self, auditor: User, ada: User) -> None:
        about, by = note(user_id=ada.pk), note(actor_id=ada.pk)
        note()
        assert shown(browser(auditor), q="ADA@Example.com") == [by, about]

    @pytest.mark.parametrize("term", ["nobody@example.com", "@", "x", "%", "1.2.3", "ada"])
    def test_finds_nothing_else(self, auditor: User, ada: User, term: str) -> None:
        note(user_id=ada.pk)
        assert shown(browser(auditor), q=term) == []

    def test_for_nothing_shows_everything(self, auditor: User) -> None:
        note()
        assert len(shown(browser(auditor), q="  ")) == 1


class TestEvent:
    def test_is_shown_in_full(self, auditor: User, ada: User) -> None:
        event = note(
            user_id=ada.pk,
            session_id=uuid7(),
            client=Caller("192.0.2.7", "<script>"),
            request_id="the-request-id",
        )
        answer = browser(auditor).get(page_of(event))
        assert answer.status_code == 200
        content = answer.content.decode()
        for text in ("ada@example.com", str(event.session_id), "192.0.2.7", "the-request-id"):
            assert text in content
        assert "&lt;script&gt;" in content
        assert 'name="_save"' not in content

    @pytest.mark.parametrize("who", ["boss", "auditor"])
    def test_is_neither_added_changed_nor_deleted(
        self, boss: User, auditor: User, who: str
    ) -> None:
        event = note()
        before = SecurityEvent.objects.values().get()
        visitor = browser({"boss": boss, "auditor": auditor}[who])
        assert visitor.get(f"{LIST}add/").status_code == 403
        assert visitor.post(f"{LIST}add/", {}).status_code == 403
        assert visitor.post(page_of(event), {"type": "registered"}).status_code == 403
        page = reverse("admin:audit_securityevent_delete", args=[event.pk])
        assert visitor.post(page, {"post": "yes"}).status_code == 403
        form = {"action": "delete_selected", "_selected_action": [str(event.pk)], "post": "yes"}
        visitor.post(LIST, form)
        assert SecurityEvent.objects.values().get() == before
