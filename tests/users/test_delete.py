"""``POST users/me/delete/``, and deletion in the admin site."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Session
from backend.mails.delivery import MailRefused
from backend.tasks.models import State, Task
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.browser import browser
from backend.testing.client import ApiClient, InProcess
from backend.testing.limits import Limits
from backend.testing.mails import Mails
from backend.testing.staff import CHANGE, VIEW, permit, promote, user_of
from backend.users import services
from backend.users import tasks as user_tasks
from backend.users.models import DELETED_DOMAIN, User
from tests.authentication.forms import ask, change, confirm, verify
from tests.users.browser import LIST
from tests.users.deletions import (
    AGENT,
    GOODBYE,
    NEXT,
    WRONG,
    delete,
    delete_in_the_admin_site,
    deletion_of,
)

pytestmark = pytest.mark.django_db


class TestDelete:
    def test_refuses_the_anonymous(self, client: ApiClient, leaver: Account) -> None:
        answer = client.post("users/me/delete/", {"password": PASSWORD})
        assert (answer.status, answer.code) == (401, "not_authenticated")
        assert leaver.me().status == 200

    def test_refuses_an_ended_bearer(self, client: ApiClient, leaver: Account) -> None:
        client.post("auth/logout/", token=leaver.access)
        assert delete(leaver).code == "session_revoked"
        assert leaver.log_in().status == 200

    def test_leaves_everybody_else_alone(
        self, client: ApiClient, leaver: Account, mails: Mails
    ) -> None:
        other = accounts.signed_in(client, first_name="Eve")
        ask(client, other.email)
        before = User.objects.values().get(email=other.email)
        assert delete(leaver).status == 204
        assert User.objects.values().get(email=other.email) == before
        assert other.me().status == 200
        assert other.spend().status == 200
        verification, reset = mails.to(other.email)
        assert verify(client, verification.token).status == 204
        assert confirm(client, reset.token).status == 204
        assert SecurityEvent.objects.filter(user_id=before["id"], ip_address="127.0.0.1").exists()

    @pytest.mark.parametrize("value", [..., None, 7, ["x"], ""])
    def test_wants_a_password(self, leaver: Account, value: object) -> None:
        answer = delete(leaver, value)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["password"]
        assert leaver.me().status == 200

    def test_refuses_unknown_fields(self, client: ApiClient, leaver: Account) -> None:
        body = {"password": PASSWORD, "user_id": "x"}
        answer = client.post("users/me/delete/", body, token=leaver.access)
        assert [*answer.errors] == ["user_id"]
        assert leaver.me().status == 200

    def test_refuses_a_wrong_password(self, leaver: Account, mails: Mails) -> None:
        before = User.objects.values().get()
        answer = delete(leaver, WRONG)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["password"]
        assert User.objects.values().get() == before
        assert leaver.me().status == 200
        assert mails.all() == []
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.PASSWORD_REFUSED, before["id"])
        assert event.session_id == Session.objects.get().pk

    def test_counts_a_wrong_password_as_a_failed_login(
        self, leaver: Account, limits: Limits
    ) -> None:
        limits.set(login_failures=(3, 300))
        assert Account(leaver.client, leaver.email, WRONG).log_in().status == 401
        assert [delete(leaver, WRONG).status for _ in range(3)] == [400, 400, 429]
        assert delete(leaver).code == "throttled"
        assert leaver.log_in().status == 429
        assert leaver.me().status == 200

    def test_wants_the_password_as_it_is_by_then(
        self, leaver: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        check = services.require_password

        def meanwhile(user: User, *arguments: str, **named: Any) -> None:
            check(user, *arguments, **named)
            changed = User.objects.get(pk=user.pk)
            changed.set_password("another horse battery 9")
            changed.save()

        monkeypatch.setattr(services, "require_password", meanwhile)
        assert delete(leaver).code == "session_revoked"
        assert User.objects.get().email == leaver.email

    def test_answers_nothing(self, leaver: Account) -> None:
        answer = delete(leaver)
        assert (answer.status, answer.body) == (204, b"")

    def test_ends_every_session(self, client: ApiClient, leaver: Account) -> None:
        device = Account(client, leaver.email)
        device.log_in()
        earlier = device.access
        device.refresh = device.spend().json["refresh"]
        assert delete(leaver).status == 204
        for access in (leaver.access, device.access, earlier):
            answer = leaver.me(access)
            assert (answer.status, answer.code) == (401, "session_revoked")
        for refresh in (leaver.refresh, device.refresh):
            answer = leaver.spend(refresh)
            assert (answer.status, answer.code) == (401, "session_revoked")
        assert delete(leaver).code == "session_revoked"

    def test_ends_the_visit_to_the_admin_site(self, client: InProcess, leaver: Account) -> None:
        client.django.force_login(user_of(promote(leaver)))
        assert client.django.get("/admin/").status_code == 200
        assert delete(Account(InProcess(), leaver.email, access=leaver.access)).status == 204
        assert client.django.get("/admin/").status_code == 302

    def test_leaves_nobody_to_log_in(self, client: ApiClient, leaver: Account) -> None:
        delete(leaver)
        assert leaver.log_in().code == "invalid_credentials"
        row = User.objects.get()
        assert Account(client, row.email).log_in().code == "invalid_credentials"
        assert not row.has_usable_password()

    def test_sets_the_address_free_at_once(self, client: ApiClient, leaver: Account) -> None:
        before = leaver.me().json
        delete(leaver)
        again = accounts.signed_in(client, email=leaver.email)
        after = again.me().json
        assert after["email"] == before["email"]
        assert after["id"] != before["id"]
        assert (after["first_name"], after["email_verified"]) == ("", False)

    def test_kills_every_link(self, client: ApiClient, leaver: Account, mails: Mails) -> None:
        client.post("auth/email/verify/resend/", {"email": leaver.email})
        ask(client, leaver.email)
        change(leaver, NEXT)
        letters = [*mails.to(leaver.email), *mails.to(NEXT)]
        assert len(letters) == 4
        delete(leaver)
        accounts.register(client, email=leaver.email)  # the same address is another account
        for letter in letters:
            assert verify(client, letter.token).code == "token_invalid"
            assert confirm(client, letter.token).code == "token_invalid"
            objection = client.post("auth/not-me/", {"token": letter.token})
            assert objection.code == "token_invalid"

    def test_mails_nothing_that_was_under_way(
        self, client: ApiClient, leaver: Account, mails: Mails
    ) -> None:
        client.post("auth/email/verify/resend/", {"email": leaver.email})
        ask(client, leaver.email)
        change(leaver, NEXT)
        delete(leaver)
        assert [letter.subject for letter in mails.all()] == [GOODBYE]

    def test_says_goodbye_and_forgets_where(self, leaver: Account, mails: Mails) -> None:
        delete(leaver, **{"X-Request-ID": "the-request-id"})
        task = Task.objects.get(name="users.say_goodbye")
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([leaver.email], GOODBYE)
        assert letter.headers["X-Request-ID"] == "the-request-id"
        assert letter.headers["Message-ID"] == f"<{task.pk}@localhost>"
        assert "token=" not in letter.everything
        task.refresh_from_db()
        assert (task.state, task.arguments, task.error) == (State.DONE, "{}", "")

    def test_forgets_where_even_if_the_goodbye_is_refused(
        self, leaver: Account, mails: Mails, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise MailRefused("the mail server refused it with 550")

        monkeypatch.setattr(user_tasks, "send", refuse)
        delete(leaver)
        assert mails.all() == []
        task = Task.objects.get(name="users.say_goodbye")
        assert (task.state, task.arguments) == (State.DONE, "{}")

    def test_keeps_an_anonymous_row(self, leaver: Account) -> None:
        before, moment = user_of(leaver), timezone.now()
        delete(leaver)
        row = User.objects.get()
        assert (row.pk, row.created_at) == (before.pk, before.created_at)
        assert row.deleted_at is not None
        assert row.deleted_at >= moment
        assert row.email.endswith(DELETED_DOMAIN)
        assert (row.first_name, row.last_name, row.last_login) == ("", "", None)
        for flag in ("is_active", "is_staff", "is_superuser", "email_verified"):
            assert getattr(row, flag) is False

    def test_leaves_no_rights(self, leaver: Account) -> None:
        user = user_of(permit(permit(leaver, VIEW, through_a_group=True), CHANGE))
        delete(leaver)
        assert not user.groups.exists()
        assert not user.user_permissions.exists()

    def test_is_noted_without_where_it_came_from(self, leaver: Account) -> None:
        user = user_of(leaver)
        delete(leaver, **{"X-Request-ID": "the-request-id", "User-Agent": AGENT})
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
        self, leaver: Account, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(5):
            assert leaver.log_in().status == 200
            ask(leaver.client, leaver.email)
        # The bearer; a savepoint, the user locked; sessions, links, groups, permissions, events
        # with their purpose, tasks, the admin's log, and the lookups and savepoints of these; the
        # user, the event, the goodbye, the release.
        with django_assert_max_num_queries(25):
            assert delete(leaver).status == 204


class TestDeletionByStaff:
    def test_is_for_those_with_the_permission(self, client: ApiClient, leaver: Account) -> None:
        clerk = user_of(permit(accounts.register(client), VIEW, CHANGE))
        user = user_of(leaver)
        assert browser(clerk).post(deletion_of(user), {"post": "yes"}).status_code == 403
        assert leaver.me().status == 200

    def test_does_the_same_and_names_who_did_it(
        self, leaver: Account, boss: User, mails: Mails
    ) -> None:
        user = user_of(leaver)
        delete_in_the_admin_site(boss, user)
        assert leaver.me().code == "session_revoked"
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([leaver.email], GOODBYE)
        row = User.objects.get(pk=user.pk)
        assert row.deleted_at is not None
        assert row.email.endswith(DELETED_DOMAIN)
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.USER_DELETED, user.pk)
        assert (event.actor_id, event.ip_address) == (boss.pk, None)
        entry = LogEntry.objects.get(object_id=str(user.pk))
        assert (entry.object_repr, entry.user_id) == ("[deleted]", boss.pk)

    def test_can_be_of_many_at_once(
        self, client: ApiClient, leaver: Account, boss: User, mails: Mails
    ) -> None:
        other = accounts.signed_in(client)
        mails.empty()
        users = [user_of(leaver), user_of(other)]
        form = {
            "action": "delete_selected",
            "_selected_action": [str(user.pk) for user in users],
            "post": "yes",
        }
        browser(boss).post(LIST, form)
        assert {*User.objects.filter(deleted_at__isnull=True)} == {boss}
        assert sorted(letter.message.to[0] for letter in mails.all()) == sorted(
            [leaver.email, other.email]
        )
        assert {*LogEntry.objects.values_list("object_repr", flat=True)} == {"[deleted]"}
