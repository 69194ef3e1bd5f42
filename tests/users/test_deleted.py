"""What is left of an account that was deleted."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from model_bakery import baker

from backend.audit.models import SecurityEvent
from backend.authentication.tasks import start_reset
from backend.tasks.models import State, Task
from backend.tasks.outbox import enqueue
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.browser import browser
from backend.testing.client import ApiClient, InProcess
from backend.testing.mails import Mails
from backend.testing.staff import CHANGE, VIEW, permit, promote, user_of
from backend.users.models import User
from tests import people
from tests.authentication.forms import ask, change, verify
from tests.users.browser import act, form_of, page_of, shown
from tests.users.deletions import (
    ADDRESS,
    AGENT,
    GOODBYE,
    NEXT,
    NOW,
    OLD,
    WRONG,
    delete,
    delete_in_the_admin_site,
    traces,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rich(mails: Mails) -> Account:
    """Somebody with a rich life: everything that leaves a trace has happened to her."""
    client = InProcess()
    client.django.defaults |= {"REMOTE_ADDR": ADDRESS, "HTTP_USER_AGENT": AGENT}
    account = accounts.signed_in(client, email=OLD, first_name="Noel", last_name="Gordon")
    verify(client, mails.last(OLD).token)
    change(account, NOW)
    verify(client, mails.last(NOW).token)
    account.email = NOW
    account.log_in(**{"User-Agent": f"{AGENT} phone"})
    account.spend()
    Account(client, NOW, WRONG).log_in()
    delete(account, WRONG)
    user = user_of(promote(account))
    user.groups.add(baker.make(Group))
    boss = User.objects.create_superuser("boss@example.com", PASSWORD)
    browser(boss).post(page_of(user), form_of(user, first_name="Noel", is_staff="on"))
    act(browser(boss), "end_sessions", user)
    visit = browser(user_of(account), ADDRESS)
    visit.post(page_of(boss), form_of(boss, first_name="Charles"))
    account.log_in()
    again = {"Idempotency-Key": "to-be-repeated"}
    client.patch("users/me/", {"first_name": "Noel"}, token=account.access, headers=again)
    ask(client, NOW)
    change(account, NEXT)
    mails.all()
    ask(client, NOW)
    for state in (State.PARKED, State.WAITING):
        task = enqueue(start_reset, email=NOW, ip_address=ADDRESS, user_agent=AGENT)
        Task.objects.filter(pk=task).update(state=state)
    change(account, NEXT)
    return account


class TestErasure:
    """What is left of a rich life: nothing, in no column of no table."""

    def test_leaves_no_trace(self, rich: Account, mails: Mails) -> None:
        user = user_of(rich)
        assert traces() >= {
            "users_user.email",
            "users_user.first_name",
            "users_user.last_name",
            "users_user.search_text",
            "django_admin_log.object_repr",
            "authentication_session.user_agent",
            "authentication_session.ip_address",
            "authentication_link.email",
            "audit_securityevent.ip_address",
            "audit_securityevent.user_agent",
            "idempotency_reservation.body",
            "tasks_task.arguments",
        }
        assert delete(rich).status == 204
        assert traces() == {"tasks_task.arguments"}  # where to say goodbye
        assert mails.last(NOW).subject == GOODBYE
        assert traces() == set()
        assert User.objects.get(pk=user.pk).deleted_at is not None

    def test_leaves_no_trace_when_staff_deletes(self, rich: Account, mails: Mails) -> None:
        user, boss = user_of(rich), User.objects.get(email="boss@example.com")
        delete_in_the_admin_site(boss, user)
        assert mails.last(NOW).subject == GOODBYE
        assert traces() == set()

    def test_keeps_what_happened(self, rich: Account) -> None:
        user = user_of(rich)
        events = SecurityEvent.objects.filter(user_id=user.pk)
        before = [*events.values_list("id", "type", "created_at", "session_id", "actor_id")]
        assert len(before) > 10
        delete(rich)
        after = events.values_list("id", "type", "created_at", "session_id", "actor_id")
        assert [*after][1:] == before

    def test_keeps_what_they_did_to_others(self, rich: Account) -> None:
        user, boss = user_of(rich), User.objects.get(email="boss@example.com")
        delete(rich)
        boss.refresh_from_db()
        assert boss.first_name == "Charles"
        entry = LogEntry.objects.get(user=user)
        assert (entry.object_repr, entry.object_id) == (boss.email, str(boss.pk))
        done = SecurityEvent.objects.get(actor_id=user.pk)
        assert (done.user_id, done.ip_address, done.user_agent) == (boss.pk, None, "")


class TestDeletedUser:
    @pytest.fixture
    def gone(self, leaver: Account) -> User:
        """The row of somebody who has left."""
        user = user_of(leaver)
        assert delete(leaver).status == 204
        return User.objects.get(pk=user.pk)

    @pytest.fixture
    def staff(self, client: ApiClient) -> Account:
        """Somebody who may see and change everybody."""
        return permit(people.signed_in(client), VIEW, CHANGE)

    def test_is_in_no_list(self, client: ApiClient, gone: User, staff: Account) -> None:
        for query in (
            "",
            "?is_active=false",
            "?search=deleted",
            "?search=ada",
            "?is_staff=false",
        ):
            page = client.get(f"users/{query}", token=staff.access).json
            assert str(gone.pk) not in {user["id"] for user in page["results"]}

    def test_is_not_found(self, client: ApiClient, gone: User, staff: Account) -> None:
        path = f"users/{gone.pk}/"
        for answer in (
            client.get(path, token=staff.access),
            client.patch(path, {"is_active": True}, token=staff.access),
            client.patch(path, {}, token=staff.access),
            client.get(f"{path}security-events/", token=staff.access),
        ):
            assert (answer.status, answer.code) == (404, "not_found")

    def test_is_not_in_the_admin_site(self, gone: User) -> None:
        boss = User.objects.create_superuser("boss@example.com", PASSWORD)
        assert shown(browser(boss)) == {boss.email}
        assert shown(browser(boss), is_active__exact="0") == set()
        assert browser(boss).get(page_of(gone)).status_code == 302

    def test_is_mailed_nothing(self, client: ApiClient, gone: User, mails: Mails) -> None:
        mails.empty()
        for email in ("ada@example.com", gone.email):
            ask(client, email)
            client.post("auth/email/verify/resend/", {"email": email})
        assert mails.all() == []

    @pytest.mark.parametrize("field", ["email", "first_name", "last_name"])
    def test_gets_no_name_back(self, gone: User, field: str) -> None:
        with pytest.raises(IntegrityError, match="user_deleted_is_anonymous"), transaction.atomic():
            User.objects.filter(pk=gone.pk).update(**{field: "ada@example.com"})

    @pytest.mark.parametrize("field", ["is_active", "is_staff", "is_superuser"])
    def test_gets_no_right_back(self, gone: User, field: str) -> None:
        with pytest.raises(IntegrityError, match="user_deleted_is_anonymous"), transaction.atomic():
            User.objects.filter(pk=gone.pk).update(**{field: True})
