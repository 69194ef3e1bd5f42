"""Tasks in the admin site: looked at, tried again, dropped."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from backend.tasks.models import State, Task
from backend.testing.browser import Browser, browser
from backend.testing.callers import make_user
from backend.users.models import User
from tests.tasks.rows import record

pytestmark = pytest.mark.django_db

LIST = "/admin/tasks/task/"


@pytest.fixture
def clerk(db: None) -> User:
    """Staff with every permission on tasks."""
    user = make_user(email="clerk@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="tasks"))
    return user


@pytest.fixture
def onlooker(clerk: User) -> User:
    """Staff who may look at tasks."""
    clerk.user_permissions.set(Permission.objects.filter(codename="view_task"))
    return clerk


def shown(client: Browser, **query: str) -> list[Task]:
    return client.rows(LIST, **query)


def act(client: Browser, action: str, *rows: Task) -> HttpResponse:
    """Choose an action for the selected tasks."""
    return client.act(LIST, action, *rows)


def page_of(row: Task) -> str:
    return reverse("admin:tasks_task_change", args=[row.pk])


def one_of_each() -> dict[str, Task]:
    return {state: record(State(state), attempts=1) for state in State.values}


class TestList:
    def test_is_not_for_the_anonymous(self) -> None:
        answer = browser().get(LIST)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")

    def test_is_not_for_staff_without_permission(self, clerk: User) -> None:
        clerk.user_permissions.clear()
        assert browser(clerk).get(LIST).status_code == 403

    @pytest.mark.parametrize("who", ["boss", "clerk", "onlooker"])
    def test_shows_every_task_the_newest_first(
        self, request: pytest.FixtureRequest, who: str
    ) -> None:
        rows = [*one_of_each().values()]
        assert shown(browser(request.getfixturevalue(who))) == rows[::-1]

    def test_filters_by_state_queue_and_name(self, boss: User) -> None:
        rows = one_of_each()
        mail = record(name="users.say_goodbye", queue="mails")
        client = browser(boss)
        assert shown(client, state__exact="parked") == [rows["parked"]]
        assert shown(client, queue__exact="mails") == [mail]
        assert shown(client, name__exact="users.say_goodbye") == [mail]

    def test_searches_by_id_request_and_name(self, boss: User) -> None:
        row = record(request_id="the-request", name="users.say_goodbye")
        record(request_id="the-request-before")
        client = browser(boss)
        for query in (str(row.pk), "the-request", "goodbye"):
            assert shown(client, q=query) == [row]
        assert shown(client, q="nothing like it") == []

    def test_names_nobody(self, boss: User) -> None:
        record(arguments='{"email":"ada@example.com"}', error="ValueError: [address]")
        content = browser(boss).get(LIST).content.decode()
        assert "ada@example.com" not in content
        assert "[address]" in content


class TestTask:
    def test_shows_everything_there_is_to_know(self, onlooker: User) -> None:
        row = record(State.PARKED, arguments='{"number":736251}', error="ValueError: no luck")
        content = browser(onlooker).get(page_of(row)).content.decode()
        for text in ("736251", "no luck", "parked", str(row.pk), "tasks.count"):
            assert text in content

    @pytest.mark.parametrize("who", ["boss", "clerk", "onlooker"])
    def test_is_only_read(self, request: pytest.FixtureRequest, who: str) -> None:
        row = record(State.PARKED)
        before = Task.objects.values().get()
        client = browser(request.getfixturevalue(who))
        assert b'name="_save"' not in client.get(page_of(row)).content
        assert client.post(page_of(row), {"state": "done", "name": "x"}).status_code == 403
        assert Task.objects.values().get() == before

    @pytest.mark.parametrize("who", ["boss", "clerk"])
    def test_is_neither_added_nor_deleted(self, request: pytest.FixtureRequest, who: str) -> None:
        row = record(State.PARKED)
        client = browser(request.getfixturevalue(who))
        assert client.get(f"{LIST}add/").status_code == 403
        assert client.post(f"{LIST}add/", {"name": "x", "queue": "default"}).status_code == 403
        page = reverse("admin:tasks_task_delete", args=[row.pk])
        assert client.post(page, {"post": "yes"}).status_code == 403
        act(client, "delete_selected", row)
        assert Task.objects.get() == row


class TestRetry:
    @pytest.mark.parametrize("who", ["boss", "clerk"])
    def test_gives_what_is_stuck_all_its_attempts_now(
        self, request: pytest.FixtureRequest, who: str
    ) -> None:
        later = timezone.now() + timedelta(hours=1)
        parked = record(State.PARKED, attempts=20, finished_at=timezone.now())
        waiting = record(attempts=5, due_at=later, publish_at=later)
        other = record(State.PARKED, attempts=20)
        client = browser(request.getfixturevalue(who))
        assert b"2 tasks will be tried." in act(client, "retry", parked, waiting).content
        for row in (parked, waiting):
            row.refresh_from_db()
            assert (row.state, row.attempts) == (State.WAITING, 0)
            assert row.due_at <= timezone.now()
        other.refresh_from_db()
        assert other.state == State.PARKED

    def test_leaves_alone_what_runs_or_is_done(self, clerk: User) -> None:
        rows = one_of_each()
        answer = act(browser(clerk), "retry", rows["running"], rows["done"])
        assert b"0 tasks will be tried." in answer.content
        assert {row.state: row.attempts for row in Task.objects.all()} == dict.fromkeys(rows, 1)


class TestDrop:
    @pytest.mark.parametrize("who", ["boss", "clerk"])
    def test_removes_what_is_stuck(self, request: pytest.FixtureRequest, who: str) -> None:
        rows = one_of_each()
        client = browser(request.getfixturevalue(who))
        answer = act(client, "drop", *rows.values())
        assert b"2 tasks dropped." in answer.content
        assert {row.state for row in Task.objects.all()} == {State.RUNNING, State.DONE}

    def test_leaves_alone_what_was_not_selected(self, clerk: User) -> None:
        row, other = record(State.PARKED), record(State.PARKED)
        assert b"1 task dropped." in act(browser(clerk), "drop", row).content
        assert Task.objects.get() == other


class TestAction:
    @pytest.mark.parametrize("action", ["retry", "drop"])
    def test_is_not_for_those_who_may_only_look(self, onlooker: User, action: str) -> None:
        row = record(State.PARKED, attempts=20)
        before = Task.objects.values().get()
        client = browser(onlooker)
        act(client, action, row)
        assert Task.objects.values().get() == before
        assert f'value="{action}"' not in client.get(LIST).content.decode()

    @pytest.mark.parametrize("action", ["retry", "drop"])
    def test_is_offered_to_those_who_may(self, clerk: User, action: str) -> None:
        record(State.PARKED)
        assert f'value="{action}"' in browser(clerk).get(LIST).content.decode()
