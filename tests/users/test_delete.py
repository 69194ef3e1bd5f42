"""``POST users/me/delete/``, and deletion in the admin site."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session as CookieSession
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from model_bakery import baker
from pytest_django import DjangoAssertNumQueries

from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Session
from backend.authentication.tasks import start_reset
from backend.core.errors import NotFound
from backend.mails.delivery import MailRefused
from backend.tasks.models import State, Task
from backend.tasks.outbox import enqueue
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.browser import browser
from backend.testing.client import Answer, ApiClient, InProcess
from backend.testing.limits import Limits
from backend.testing.mails import Mails
from backend.testing.races import outcomes
from backend.testing.staff import CHANGE, VIEW, permit, promote, user_of
from backend.users import services
from backend.users import tasks as user_tasks
from backend.users.errors import AccountGone
from backend.users.models import DELETED_DOMAIN, User
from tests.authentication.crowds import (
    Call,
    at_once,
    crowd,
    deleting,
    logging_in,
    posting,
    refreshing,
)
from tests.authentication.forms import ask, change, confirm, verify
from tests.service import Service
from tests.users.browser import LIST, act, form_of, page_of, shown

pytestmark = pytest.mark.django_db

WRONG = "wrong horse battery 9"
NEW = "another horse battery 9"
GOODBYE = "Your account at Backend was deleted"
FIRST, OLD, NOW, NEXT = (
    "augusta@byron.example",
    "augusta@king.example",
    "augusta@lovelace.example",
    "augusta@analytical.example",
)
AGENT, ADDRESS = "Jacquard/1.0 (Analytical)", "198.51.100.77"
# What Ada could be known by, wherever it might stand.
TRACES = ["augusta", "noel", "gordon", "byron", "lovelace", "analytical", "jacquard", ADDRESS]


def delete(account: Account, password: object = PASSWORD, **headers: str) -> Answer:
    """Delete an account."""
    body = {} if password is ... else {"password": password}
    return account.client.post("users/me/delete/", body, token=account.access, headers=headers)


def deletion_of(user: User) -> str:
    """The page of the admin site that asks whether one is sure."""
    return reverse("admin:users_user_delete", args=[user.pk])


def delete_in_the_admin_site(by: User, user: User) -> None:
    """Delete somebody, as staff do."""
    assert browser(by).post(deletion_of(user), {"post": "yes"}).status_code == 302


def traces() -> set[str]:
    """The columns of all tables in which something of Ada stands."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        assert {"users_user", "django_session", "audit_securityevent"} <= {*tables}
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    if any(trace in str(value).casefold() for trace in TRACES):
                        found.add(f"{table}.{column}")
    for visit in CookieSession.objects.all():
        if any(trace in str(visit.get_decoded()).casefold() for trace in TRACES):
            found.add("django_session.decoded")
    return found


@pytest.fixture
def ada(client: ApiClient, mails: Mails) -> Account:
    """Somebody who is signed in; their mails so far are read."""
    account = accounts.signed_in(client, email="ada@example.com", first_name="Ada")
    mails.empty()
    return account


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
    ask(client, NOW)
    change(account, NEXT)
    mails.all()
    ask(client, NOW)
    for state in (State.PARKED, State.WAITING):
        task = enqueue(start_reset, email=NOW, ip_address=ADDRESS, user_agent=AGENT)
        Task.objects.filter(pk=task).update(state=state)
    change(account, NEXT)
    return account


class TestDelete:
    def test_refuses_the_anonymous(self, client: ApiClient, ada: Account) -> None:
        answer = client.post("users/me/delete/", {"password": PASSWORD})
        assert (answer.status, answer.code) == (401, "not_authenticated")
        assert ada.me().status == 200

    def test_refuses_an_ended_bearer(self, client: ApiClient, ada: Account) -> None:
        client.post("auth/logout/", token=ada.access)
        assert delete(ada).code == "session_revoked"
        assert ada.log_in().status == 200

    def test_leaves_everybody_else_alone(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        other = accounts.signed_in(client, first_name="Eve")
        ask(client, other.email)
        before = User.objects.values().get(email=other.email)
        assert delete(ada).status == 204
        assert User.objects.values().get(email=other.email) == before
        assert other.me().status == 200
        assert other.spend().status == 200
        verification, reset = mails.to(other.email)
        assert verify(client, verification.token).status == 204
        assert confirm(client, reset.token).status == 204
        assert SecurityEvent.objects.filter(user_id=before["id"], ip_address="127.0.0.1").exists()

    @pytest.mark.parametrize("value", [..., None, 7, ["x"], ""])
    def test_wants_a_password(self, ada: Account, value: object) -> None:
        answer = delete(ada, value)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["password"]
        assert ada.me().status == 200

    def test_refuses_unknown_fields(self, client: ApiClient, ada: Account) -> None:
        body = {"password": PASSWORD, "user_id": "x"}
        answer = client.post("users/me/delete/", body, token=ada.access)
        assert [*answer.errors] == ["user_id"]
        assert ada.me().status == 200

    def test_refuses_a_wrong_password(self, ada: Account, mails: Mails) -> None:
        before = User.objects.values().get()
        answer = delete(ada, WRONG)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["password"]
        assert User.objects.values().get() == before
        assert ada.me().status == 200
        assert mails.all() == []
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.PASSWORD_REFUSED, before["id"])
        assert event.session_id == Session.objects.get().pk

    def test_counts_a_wrong_password_as_a_failed_login(self, ada: Account, limits: Limits) -> None:
        limits.set(login_failures=(3, 300))
        assert Account(ada.client, ada.email, WRONG).log_in().status == 401
        assert [delete(ada, WRONG).status for _ in range(3)] == [400, 400, 429]
        assert delete(ada).code == "throttled"
        assert ada.log_in().status == 429
        assert ada.me().status == 200

    def test_answers_nothing(self, ada: Account) -> None:
        answer = delete(ada)
        assert (answer.status, answer.body) == (204, b"")

    def test_ends_every_session(self, client: ApiClient, ada: Account) -> None:
        device = Account(client, ada.email)
        device.log_in()
        earlier = device.access
        device.refresh = device.spend().json["refresh"]
        assert delete(ada).status == 204
        for access in (ada.access, device.access, earlier):
            answer = ada.me(access)
            assert (answer.status, answer.code) == (401, "session_revoked")
        for refresh in (ada.refresh, device.refresh):
            answer = ada.spend(refresh)
            assert (answer.status, answer.code) == (401, "session_revoked")
        assert delete(ada).code == "session_revoked"

    def test_ends_the_visit_to_the_admin_site(self, client: InProcess, ada: Account) -> None:
        client.django.force_login(user_of(promote(ada)))
        assert client.django.get("/admin/").status_code == 200
        assert delete(Account(InProcess(), ada.email, access=ada.access)).status == 204
        assert client.django.get("/admin/").status_code == 302

    def test_leaves_nobody_to_log_in(self, client: ApiClient, ada: Account) -> None:
        delete(ada)
        assert ada.log_in().code == "invalid_credentials"
        row = User.objects.get()
        assert Account(client, row.email).log_in().code == "invalid_credentials"
        assert not row.has_usable_password()

    def test_sets_the_address_free_at_once(self, client: ApiClient, ada: Account) -> None:
        before = ada.me().json
        delete(ada)
        again = accounts.signed_in(client, email=ada.email)
        after = again.me().json
        assert after["email"] == before["email"]
        assert after["id"] != before["id"]
        assert (after["first_name"], after["email_verified"]) == ("", False)

    def test_kills_every_link(self, client: ApiClient, ada: Account, mails: Mails) -> None:
        client.post("auth/email/verify/resend/", {"email": ada.email})
        ask(client, ada.email)
        change(ada, NEXT)
        letters = [*mails.to(ada.email), *mails.to(NEXT)]
        assert len(letters) == 4
        delete(ada)
        accounts.register(client, email=ada.email)  # the same address is another account
        for letter in letters:
            assert verify(client, letter.token).code == "token_invalid"
            assert confirm(client, letter.token).code == "token_invalid"
            objection = client.post("auth/not-me/", {"token": letter.token})
            assert objection.code == "token_invalid"

    def test_mails_nothing_that_was_under_way(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        client.post("auth/email/verify/resend/", {"email": ada.email})
        ask(client, ada.email)
        change(ada, NEXT)
        delete(ada)
        assert [letter.subject for letter in mails.all()] == [GOODBYE]

    def test_says_goodbye_and_forgets_where(self, ada: Account, mails: Mails) -> None:
        delete(ada, **{"X-Request-ID": "the-request-id"})
        task = Task.objects.get(name="users.say_goodbye")
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([ada.email], GOODBYE)
        assert letter.headers["X-Request-ID"] == "the-request-id"
        assert letter.headers["Message-ID"] == f"<{task.pk}@localhost>"
        assert "token=" not in letter.everything
        task.refresh_from_db()
        assert (task.state, task.arguments, task.error) == (State.DONE, "{}", "")

    def test_forgets_where_even_if_the_goodbye_is_refused(
        self, ada: Account, mails: Mails, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise MailRefused("the mail server refused it with 550")

        monkeypatch.setattr(user_tasks, "send", refuse)
        delete(ada)
        assert mails.all() == []
        task = Task.objects.get(name="users.say_goodbye")
        assert (task.state, task.arguments) == (State.DONE, "{}")

    def test_keeps_an_anonymous_row(self, ada: Account) -> None:
        before, moment = user_of(ada), timezone.now()
        delete(ada)
        row = User.objects.get()
        assert (row.pk, row.created_at) == (before.pk, before.created_at)
        assert row.deleted_at is not None
        assert row.deleted_at >= moment
        assert row.email.endswith(DELETED_DOMAIN)
        assert (row.first_name, row.last_name, row.last_login) == ("", "", None)
        for flag in ("is_active", "is_staff", "is_superuser", "email_verified"):
            assert getattr(row, flag) is False

    def test_leaves_no_rights(self, ada: Account) -> None:
        user = user_of(permit(permit(ada, VIEW, through_a_group=True), CHANGE))
        delete(ada)
        assert not user.groups.exists()
        assert not user.user_permissions.exists()

    def test_is_noted_without_where_it_came_from(self, ada: Account) -> None:
        user = user_of(ada)
        delete(ada, **{"X-Request-ID": "the-request-id", "User-Agent": AGENT})
        events = SecurityEvent.objects.filter(user_id=user.pk)
        assert events.latest("id").type == Event.ACCOUNT_DELETED
        assert events.latest("id").request_id == "the-request-id"
        assert {event.type for event in events} == {
            Event.REGISTERED,
            Event.LOGIN_SUCCEEDED,
            Event.ACCOUNT_DELETED,
        }
        assert {(event.ip_address, event.user_agent) for event in events} == {(None, "")}

    def test_costs_the_same_whatever_there_is(
        self, ada: Account, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(5):
            assert ada.log_in().status == 200
            ask(ada.client, ada.email)
        # The bearer; a savepoint, the user locked; sessions, links, groups, permissions, events
        # with their purpose, tasks, the admin's log, and the lookups and savepoints of these; the
        # user, the event, the goodbye, the release.
        with django_assert_max_num_queries(25):
            assert delete(ada).status == 204


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
    def gone(self, ada: Account) -> User:
        """The row of somebody who has left."""
        user = user_of(ada)
        assert delete(ada).status == 204
        return User.objects.get(pk=user.pk)

    @pytest.fixture
    def staff(self, client: ApiClient) -> Account:
        """Somebody who may see and change everybody."""
        return permit(accounts.signed_in(client), VIEW, CHANGE)

    def test_is_in_no_list(self, client: ApiClient, gone: User, staff: Account) -> None:
        for query in ("", "?is_active=false", "?search=deleted", "?search=ada", "?is_staff=false"):
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


class TestDeletionMeanwhile:
    """What was under way when the account was deleted brings nothing back."""

    @pytest.fixture
    def stale(self, ada: Account) -> User:
        """The row as somebody has loaded it before."""
        stale = user_of(ada)
        assert delete(ada).status == 204
        return stale

    def test_is_not_undone_by_a_change_of_the_profile(self, stale: User) -> None:
        with pytest.raises(AccountGone), transaction.atomic():
            services.update_profile(stale, first_name="Ada")
        assert User.objects.get().first_name == ""

    def test_is_not_undone_by_staff(self, stale: User) -> None:
        boss = User.objects.create_superuser("boss@example.com", PASSWORD)
        for changes in ({"first_name": "Ada"}, {"is_active": True}):
            with pytest.raises(NotFound):
                services.update_user(stale.pk, by=boss, **changes)
        assert User.objects.get(pk=stale.pk).deleted_at is not None

    def test_is_not_undone_by_a_form_of_the_admin_site(self, stale: User) -> None:
        stale.first_name = "Ada"
        with pytest.raises(IntegrityError, match="user_deleted_is_anonymous"), transaction.atomic():
            stale.save()
        assert User.objects.get().deleted_at is not None

    def test_is_not_done_twice(self, stale: User, mails: Mails) -> None:
        mails.empty()
        with pytest.raises(AccountGone), transaction.atomic():
            services.delete(stale.pk, event=Event.ACCOUNT_DELETED, now=timezone.now())
        assert mails.all() == []

    @pytest.mark.django_db(transaction=True)
    def test_is_told_to_whoever_changes_their_profile(
        self, client: ApiClient, ada: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hold = services._hold

        def delete_then_hold(user_id: UUID) -> User | None:
            monkeypatch.undo()
            services.delete(user_id, event=Event.ACCOUNT_DELETED, now=timezone.now())
            return hold(user_id)

        monkeypatch.setattr(services, "_hold", delete_then_hold)
        answer = client.patch("users/me/", {"first_name": "Ada"}, token=ada.access)
        assert (answer.status, answer.code) == (401, "session_revoked")


def deleting_over_the_wire(account: Account) -> Callable[..., Answer]:
    return posting("users/me/delete/", {"password": PASSWORD}, token=account.access)


class TestRacingDeletions:
    def test_have_one_winner(self, service: Service) -> None:
        with crowd(service, 2) as everybody:
            for _ in range(5):
                account = accounts.signed_in(service.client())
                answers = everybody([deleting_over_the_wire(account)] * 2)
                assert outcomes(answers) == ["204", "401 session_revoked"]
                accounts.register(service.client(), email=account.email)

    def test_leave_nothing_that_lives(self, service: Service) -> None:
        with crowd(service, 6) as everybody:
            for _ in range(5):
                account = accounts.signed_in(service.client())
                *answers, deleted = everybody(
                    [
                        *[logging_in(account)] * 3,
                        *[refreshing(account.refresh)] * 2,
                        deleting_over_the_wire(account),
                    ]
                )
                assert deleted.status == 204
                assert {answer.status for answer in answers} <= {200, 401}
                for answer in answers:
                    if answer.status == 200:
                        assert account.me(answer.json["access"]).code == "session_revoked"
                        assert account.spend(answer.json["refresh"]).code == "session_revoked"

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("number", range(4))
    def test_leave_no_trace_of_what_was_under_way(self, mails: Mails, number: int) -> None:
        account, stolen = watched()
        pk = user_of(account).pk
        *answers, deleted = at_once([*under_way(account, stolen), deleting(account)])
        if deleted.status == 401:  # signed out first
            account.log_in()
            assert delete(account).status == 204
        assert max(answer.status for answer in answers) < 500, answers
        mails.all()
        # Whoever came later guessed at an address that nobody has.
        assert traces() <= {"audit_securityevent.ip_address", "audit_securityevent.user_agent"}
        events = SecurityEvent.objects.filter(user_id=pk)
        assert {*events.values_list("ip_address", "user_agent")} == {(None, "")}

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("number", range(4))
    def test_and_changes_of_the_password_wait_for_each_other(
        self, mails: Mails, number: int
    ) -> None:
        account, stolen = watched()
        new = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
        changing: Call = lambda client: client.post(  # noqa: E731
            "auth/password/change/", new, token=account.access
        )
        answers = at_once([changing, *under_way(account, stolen), deleting(account)])
        assert max(answer.status for answer in answers) < 500, answers


def watched() -> tuple[Account, str]:
    """Somebody whose traces can be told, and a refresh token of theirs that is spent."""
    client = InProcess()
    client.django.defaults |= {"REMOTE_ADDR": ADDRESS, "HTTP_USER_AGENT": AGENT}
    account = accounts.signed_in(client, email=NOW, first_name="Noel", last_name="Gordon")
    stolen = account.refresh
    account.spend()
    ask(client, NOW)
    return account, stolen


def under_way(account: Account, stolen: str) -> list[Call]:
    """Whatever else may be going on with an account."""
    moving = {"email": NEXT, "password": PASSWORD}
    login = {"email": account.email, "password": PASSWORD}
    token = account.access
    there = {"User-Agent": AGENT}
    elsewhere = {"User-Agent": f"{AGENT} phone"}
    return [
        lambda client: client.post("auth/login/", login, headers=elsewhere),
        lambda client: client.post("auth/refresh/", {"refresh": stolen}, headers=elsewhere),
        lambda client: client.post("auth/refresh/", {"refresh": account.refresh}, headers=there),
        lambda client: client.post("auth/email/change/", moving, token=token, headers=there),
        lambda client: client.patch("users/me/", {"first_name": "Noel"}, token=token),
        lambda client: client.post("auth/logout/", token=token, headers=there),
        lambda client: client.post("auth/logout/all/", token=token, headers=there),
    ]


class TestDeletionByStaff:
    def test_is_for_those_with_the_permission(self, client: ApiClient, ada: Account) -> None:
        clerk = user_of(permit(accounts.register(client), VIEW, CHANGE))
        user = user_of(ada)
        assert browser(clerk).post(deletion_of(user), {"post": "yes"}).status_code == 403
        assert ada.me().status == 200

    def test_does_the_same_and_names_who_did_it(
        self, ada: Account, boss: User, mails: Mails
    ) -> None:
        user = user_of(ada)
        delete_in_the_admin_site(boss, user)
        assert ada.me().code == "session_revoked"
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([ada.email], GOODBYE)
        row = User.objects.get(pk=user.pk)
        assert row.deleted_at is not None
        assert row.email.endswith(DELETED_DOMAIN)
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.USER_DELETED, user.pk)
        assert (event.actor_id, event.ip_address) == (boss.pk, None)
        entry = LogEntry.objects.get(object_id=str(user.pk))
        assert (entry.object_repr, entry.user_id) == ("[deleted]", boss.pk)

    def test_can_be_of_many_at_once(
        self, client: ApiClient, ada: Account, boss: User, mails: Mails
    ) -> None:
        other = accounts.signed_in(client)
        mails.empty()
        users = [user_of(ada), user_of(other)]
        form = {
            "action": "delete_selected",
            "_selected_action": [str(user.pk) for user in users],
            "post": "yes",
        }
        browser(boss).post(LIST, form)
        assert {*User.objects.filter(deleted_at__isnull=True)} == {boss}
        assert sorted(letter.message.to[0] for letter in mails.all()) == sorted(
            [ada.email, other.email]
        )
        assert {*LogEntry.objects.values_list("object_repr", flat=True)} == {"[deleted]"}
