"""What has had its time is removed, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session as CookieSession
from django.core.management import call_command
from django.utils import timezone

from backend.audit import events as audit
from backend.audit.models import Event, SecurityEvent
from backend.authentication import links
from backend.authentication.models import Link, Purpose, Session
from backend.authentication.purges import purge_cookie_sessions, purge_links, purge_sessions
from backend.tasks import purging
from backend.tasks.models import State, Task
from backend.tasks.purging import purge
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient
from backend.testing.staff import user_of
from backend.users import services as users

SECOND = timedelta(seconds=1)
WHAT = {
    "done tasks",
    "parked tasks",
    "ended sessions",
    "spent links",
    "expired admin sessions",
    "old security events",
    "stored answers",
}


def removed(what: str) -> int:
    return purge(now=timezone.now())[what]


class TestPurge:
    @pytest.fixture
    def batches(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """How many rows the batches of a purge find, the last first."""
        left: list[int] = []

        def rows(*, now: object, limit: int) -> int:
            assert limit == purging.BATCH
            return left.pop()

        monkeypatch.setattr(purging, "_purges", {"rows": rows, "others": lambda **_: 0})
        return left

    def test_goes_on_until_nothing_is_left(self, batches: list[int]) -> None:
        batches += [7, purging.BATCH, purging.BATCH]
        assert purge(now=timezone.now()) == {"rows": 2 * purging.BATCH + 7, "others": 0}
        assert batches == []

    def test_looks_once_more_after_a_full_batch(self, batches: list[int]) -> None:
        batches += [0, purging.BATCH]
        assert purge(now=timezone.now())["rows"] == purging.BATCH
        assert batches == []

    def test_stops_when_it_is_told_to(self, batches: list[int]) -> None:
        batches += [purging.BATCH] * 5
        answers = [False, True, True]
        found = purge(now=timezone.now(), goes_on=lambda: bool(answers and answers.pop()))
        assert found == {"rows": 2 * purging.BATCH, "others": 0}
        assert len(batches) == 3

    @pytest.mark.django_db
    def test_removes_from_every_app(self) -> None:
        assert purge(now=timezone.now()).keys() == WHAT

    @pytest.mark.django_db
    def test_removes_more_than_a_batch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(purging, "BATCH", 2)
        old = timezone.now() - settings.KEEP_TASKS - SECOND
        Task.objects.bulk_create(
            Task(name="x", queue="default", state=State.DONE, finished_at=old) for _ in range(5)
        )
        assert removed("done tasks") == 5
        assert Task.objects.count() == 0


@pytest.mark.django_db
class TestTasks:
    @pytest.mark.parametrize(
        ("state", "kept"),
        [(State.DONE, settings.KEEP_TASKS), (State.PARKED, settings.KEEP_PARKED_TASKS)],
    )
    def test_go_when_they_were_finished_long_ago(self, state: State, kept: timedelta) -> None:
        now = timezone.now()
        for age in (kept - SECOND * 60, kept + SECOND):
            Task.objects.create(name=str(age), queue="default", state=state, finished_at=now - age)
        assert removed(f"{state} tasks") == 1
        assert Task.objects.get().name == str(kept - SECOND * 60)

    @pytest.mark.parametrize("state", [State.WAITING, State.RUNNING])
    def test_stay_while_they_are_to_be_done(self, state: State) -> None:
        long_ago = timezone.now() - timedelta(days=900)
        Task.objects.create(
            name="x",
            queue="default",
            state=state,
            created_at=long_ago,
            due_at=long_ago,
            lease_until=long_ago if state == State.RUNNING else None,
        )
        purge(now=timezone.now())
        assert Task.objects.count() == 1

    def test_that_were_given_up_stay_longer_than_those_that_are_done(self) -> None:
        assert settings.KEEP_PARKED_TASKS > settings.KEEP_TASKS


@pytest.mark.django_db
class TestSessions:
    @pytest.mark.parametrize("end", ["revoked", "over", "not refreshed", "epoch"])
    def test_go_when_they_have_ended(self, client: ApiClient, end: str) -> None:
        account, other = accounts.signed_in(client), accounts.signed_in(client)
        now, sessions = timezone.now(), Session.objects.filter(user=user_of(account))
        match end:
            case "revoked":
                sessions.update(revoked_at=now)
            case "over":
                sessions.update(expires_at=now - SECOND)
            case "not refreshed":
                past = now - settings.ACCESS_TOKEN_LIFETIME - SECOND
                sessions.update(refresh_expires_at=past)
            case "epoch":
                users.end_all_sessions(user_of(account))
        assert removed("ended sessions") == 1
        assert not sessions.exists()
        assert other.me().status == 200
        assert account.me().code == "session_revoked"

    def test_stay_while_their_last_access_token_works(self, account: Account) -> None:
        Session.objects.update(refresh_expires_at=timezone.now() - SECOND)
        assert removed("ended sessions") == 0
        assert account.me().status == 200

    def test_stay_while_they_live(self, account: Account) -> None:
        assert removed("ended sessions") == 0
        assert account.me().status == 200
        assert account.spend().status == 200

    def test_go_in_batches(self, client: ApiClient) -> None:
        account = accounts.signed_in(client)
        for _ in range(4):
            account.log_in()
        Session.objects.update(revoked_at=timezone.now())
        found = [purge_sessions(now=timezone.now(), limit=2) for _ in range(3)]
        assert found == [2, 2, 1]


@pytest.mark.django_db
class TestLinks:
    @pytest.fixture
    def link(self, account: Account) -> Link:
        Link.objects.all().delete()
        return links.issue(Purpose.VERIFY_EMAIL, user_of(account), now=timezone.now())

    def test_stay_while_they_can_be_used(self, link: Link) -> None:
        assert removed("spent links") == 0
        assert Link.objects.get() == link

    @pytest.mark.parametrize("end", ["used_at", "expires_at"])
    def test_go_when_they_are_used_or_too_old(self, link: Link, end: str) -> None:
        Link.objects.update(**{end: timezone.now() - SECOND})
        assert purge_links(now=timezone.now(), limit=10) == 1
        assert not Link.objects.exists()


@pytest.mark.django_db
class TestCookieSessions:
    def test_go_when_they_have_expired(self) -> None:
        now = timezone.now()
        for name, age in (("old", SECOND), ("new", -SECOND * 60)):
            CookieSession.objects.create(session_key=name, session_data="", expire_date=now - age)
        assert purge_cookie_sessions(now=now, limit=10) == 1
        assert CookieSession.objects.get().session_key == "new"


@pytest.mark.django_db
class TestSecurityEvents:
    def test_go_after_the_time_they_are_kept(self) -> None:
        now = timezone.now()
        for age in (settings.KEEP_EVENTS + SECOND, settings.KEEP_EVENTS - SECOND * 60):
            audit.record(Event.LOGIN_FAILED, user_id=None, now=now - age)
        assert removed("old security events") == 1
        assert SecurityEvent.objects.get().created_at > now - settings.KEEP_EVENTS


@pytest.mark.django_db
class TestCommand:
    def test_says_how_much_of_what_it_removed(self, account: Account) -> None:
        Session.objects.update(revoked_at=timezone.now())
        said = run("purge")
        found = {what.strip(): int(count) for count, _, what in map(split, said.splitlines())}
        assert found == dict.fromkeys(WHAT, 0) | {"ended sessions": 1}
        assert not Session.objects.exists()

    def test_finds_nothing_the_second_time(self, account: Account) -> None:
        Session.objects.update(revoked_at=timezone.now())
        run("purge")
        assert {line.split()[0] for line in run("purge").splitlines()} == {"0"}


def run(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out, no_color=True)
    return out.getvalue()


split: Callable[[str], tuple[str, str, str]] = lambda line: line.strip().partition(" ")  # noqa: E731
