"""``GET auth/sessions/`` and ``DELETE auth/sessions/{id}/``."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from model_bakery import baker
from pytest_django import DjangoAssertNumQueries

from backend.authentication.models import Session
from backend.core.ids import uuid7
from backend.core.pagination import Cursor
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient
from backend.users import services as users
from backend.users.models import User

pytestmark = pytest.mark.django_db

PATH = "auth/sessions/"
FULL_PATH = f"/api/v1/{PATH}"


def rows(user: User, count: int = 1, **fields: object) -> list[Session]:
    """Sessions made directly, the oldest first."""
    now = timezone.now()
    values: dict[str, Any] = {
        "epoch": user.session_epoch,
        "created_at": now,
        "last_used_at": now,
        "refresh_expires_at": now + timedelta(days=7),
        "expires_at": now + timedelta(days=30),
        **fields,
    }
    return [baker.make(Session, id=uuid7(), user=user, **values) for _ in range(count)]


def listed(account: Account, query: str = "") -> Answer:
    """The list as the account sees it."""
    return account.client.get(f"{PATH}{query}", token=account.access)


def ids(answer: Answer) -> list[str]:
    """The ids on a page."""
    return [row["id"] for row in answer.json["results"]]


def query_of(url: str) -> str:
    """The part of a page's address that a client would follow."""
    assert url.startswith(f"http://testserver{FULL_PATH}?")
    return f"?{urlsplit(url).query}"


class TestSessionsList:
    def test_refuses_the_anonymous(self, client: ApiClient) -> None:
        answer = client.get(PATH)
        assert (answer.status, answer.code) == (401, "not_authenticated")

    def test_shows_nobody_elses(self, client: ApiClient, account: Account) -> None:
        accounts.signed_in(client)
        assert len(ids(listed(account))) == 1

    @pytest.mark.parametrize("size", ["0", "-1", "101", "1000000000000000000000", "x", "", "1.5"])
    def test_refuses_a_page_size_out_of_range(self, account: Account, size: str) -> None:
        answer = listed(account, f"?page_size={size}")
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["page_size"]

    @pytest.mark.parametrize(
        "cursor", ["x", "AAAA", "%00", "%FF", "ü", "a" * 2000, "....", "AA==", "[]", "eyJhIjoxfQ"]
    )
    def test_refuses_a_damaged_cursor(self, account: Account, cursor: str) -> None:
        answer = listed(account, f"?cursor={cursor}")
        assert (answer.status, answer.code) == (400, "bad_request")
        assert answer.errors == {}

    def test_refuses_a_cursor_that_was_changed(self, account: Account, session: Session) -> None:
        rows(session.user, 2)
        good = parse_qs(urlsplit(listed(account, "?page_size=1").json["next"]).query)["cursor"][0]
        assert listed(account, f"?cursor={good}").status == 200
        for place in range(0, len(good), 5):
            other = "A" if good[place] != "A" else "B"
            answer = listed(account, f"?cursor={good[:place]}{other}{good[place + 1 :]}")
            assert (answer.status, answer.code) == (400, "bad_request")
        assert listed(account, f"?cursor={good}=").code == "bad_request"
        assert listed(account, f"?cursor={good[:-1]}").code == "bad_request"

    @pytest.mark.parametrize("scope", ["/api/v1/users/ -id", f"{FULL_PATH} id", f"{FULL_PATH} "])
    def test_refuses_a_cursor_borrowed_from_another_list(
        self, account: Account, session: Session, scope: str
    ) -> None:
        borrowed = Cursor(str(session.pk), backwards=False).encode(scope=scope)
        answer = listed(account, f"?cursor={borrowed}")
        assert (answer.status, answer.code) == (400, "bad_request")

    def test_shows_everything_of_a_session(self, account: Account) -> None:
        account.log_in(**{"User-Agent": "Firefox/150"})
        session = Session.objects.latest("id")
        row: dict[str, Any] = listed(account).json["results"][0]
        times = {
            name: datetime.fromisoformat(row.pop(name))
            for name in ("created_at", "last_used_at", "expires_at")
        }
        assert row == {
            "id": str(session.pk),
            "ip_address": "127.0.0.1",
            "user_agent": "Firefox/150",
            "current": True,
        }
        assert times == {
            "created_at": session.created_at,
            "last_used_at": session.last_used_at,
            "expires_at": session.refresh_expires_at,
        }

    def test_writes_times_in_utc(self, account: Account) -> None:
        row = listed(account).json["results"][0]
        for name in ("created_at", "last_used_at", "expires_at"):
            assert row[name].endswith("Z")

    def test_shows_when_it_was_last_refreshed(self, account: Account, session: Session) -> None:
        account.spend()
        row = listed(account).json["results"][0]
        last_used = datetime.fromisoformat(row["last_used_at"])
        assert last_used > session.last_used_at
        assert datetime.fromisoformat(row["expires_at"]) == last_used + timedelta(days=7)

    def test_never_shows_an_end_past_the_sessions(self, account: Account) -> None:
        end = timezone.now() + timedelta(hours=1)
        Session.objects.update(expires_at=end)
        account.spend()
        assert datetime.fromisoformat(listed(account).json["results"][0]["expires_at"]) == end

    def test_marks_the_current_one_only(self, account: Account, session: Session) -> None:
        other, *_ = rows(session.user, 3)
        page = listed(account).json["results"]
        assert {row["id"]: row["current"] for row in page if row["current"]} == {
            str(session.pk): True
        }
        assert {row["current"] for row in page if row["id"] == str(other.pk)} == {False}

    def test_starts_with_the_newest_login(self, account: Account, session: Session) -> None:
        oldest_first = [session, *rows(session.user, 3)]
        assert ids(listed(account)) == [str(row.pk) for row in reversed(oldest_first)]

    def test_leaves_out_those_that_have_ended(self, account: Account, session: Session) -> None:
        past, user = timezone.now() - timedelta(seconds=1), session.user
        rows(user, revoked_at=past)
        rows(user, expires_at=past)
        rows(user, refresh_expires_at=past)
        rows(user, epoch=user.session_epoch + 1)
        assert ids(listed(account)) == [str(session.pk)]

    def test_answers_twenty_unless_it_is_asked_for_more(
        self, account: Account, session: Session
    ) -> None:
        rows(session.user, 24)
        assert len(ids(listed(account))) == 20
        assert len(ids(listed(account, "?page_size=100"))) == 25
        assert len(ids(listed(account, "?page_size=1"))) == 1

    def test_has_no_neighbours_when_all_fit(self, account: Account, session: Session) -> None:
        rows(session.user, 1)
        page = listed(account, "?page_size=2").json
        assert (page["next"], page["previous"]) == (None, None)

    @pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
    def test_can_be_walked_forwards_and_back(
        self, account: Account, session: Session, size: int
    ) -> None:
        everything = [str(row.pk) for row in reversed([session, *rows(session.user, 6)])]
        pages = [everything[start : start + size] for start in range(0, 7, size)]
        page = listed(account, f"?page_size={size}")
        assert page.json["previous"] is None
        forwards = [page]
        while page.json["next"]:
            page = listed(account, query_of(page.json["next"]))
            forwards.append(page)
        assert [ids(page) for page in forwards] == pages
        backwards = [page]
        while page.json["previous"]:
            page = listed(account, query_of(page.json["previous"]))
            backwards.append(page)
        assert [ids(page) for page in backwards] == pages[::-1]
        assert [page.json["next"] is None for page in backwards] == [
            number == 0 for number in range(len(pages))
        ]

    def test_keeps_its_place_when_newer_logins_come(
        self, account: Account, session: Session
    ) -> None:
        oldest_first = [session, *rows(session.user, 3)]
        first = listed(account, "?page_size=2")
        newer = rows(session.user, 2)
        second = listed(account, query_of(first.json["next"]))
        assert ids(second) == [str(row.pk) for row in oldest_first[1::-1]]
        back = listed(account, query_of(second.json["previous"]))
        assert ids(back) == ids(first)
        assert ids(listed(account, query_of(back.json["previous"]))) == [
            str(row.pk) for row in newer[::-1]
        ]

    def test_keeps_its_place_when_the_row_of_the_cursor_is_gone(
        self, account: Account, session: Session
    ) -> None:
        oldest_first = rows(session.user, 4)
        first = listed(account, "?page_size=2")
        Session.objects.filter(pk=ids(first)[-1]).delete()
        second = listed(account, query_of(first.json["next"]))
        assert ids(second) == [str(row.pk) for row in oldest_first[1::-1]]

    def test_keeps_the_other_parameters_in_its_links(
        self, account: Account, session: Session
    ) -> None:
        rows(session.user, 2)
        query = parse_qs(urlsplit(listed(account, "?page_size=1&x=ü%26").json["next"]).query)
        assert (query["page_size"], query["x"]) == (["1"], ["ü&"])

    def test_costs_two_queries_and_counts_nothing(
        self,
        account: Account,
        session: Session,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        rows(session.user, 5)
        with django_assert_num_queries(2) as captured:  # the bearer; the page
            assert listed(account, "?page_size=2").status == 200
        assert not [query for query in captured.captured_queries if "COUNT(" in query["sql"]]


class TestSessionsEnd:
    def end(self, account: Account, session_id: UUID | str) -> Answer:
        return account.client.delete(f"{PATH}{session_id}/", token=account.access)

    def test_refuses_the_anonymous(self, client: ApiClient, account: Account) -> None:
        answer = client.delete(f"{PATH}{Session.objects.get().pk}/")
        assert (answer.status, answer.code) == (401, "not_authenticated")
        assert account.me().status == 200

    def test_does_not_find_somebody_elses(self, client: ApiClient, account: Account) -> None:
        other = accounts.signed_in(client)
        theirs = Session.objects.exclude(user__email=account.email).get()
        unknown, foreign = self.end(account, uuid4()), self.end(account, theirs.pk)
        for answer in (unknown, foreign):
            assert (answer.status, answer.code) == (404, "not_found")
        assert unknown.json["message"] == foreign.json["message"]
        assert other.me().status == 200

    @pytest.mark.parametrize("session_id", ["1", "me", "x" * 36, "%00", f"{UUID(int=0)}0", "all"])
    def test_does_not_find_what_is_no_uuid(self, account: Account, session_id: str) -> None:
        answer = self.end(account, session_id)
        assert (answer.status, answer.code) == (404, "not_found")

    def test_looks_at_the_path_before_the_caller(self, client: ApiClient) -> None:
        assert client.delete(f"{PATH}1/").status == 404

    def test_does_not_find_one_that_has_ended(self, account: Account, session: Session) -> None:
        past, user = timezone.now() - timedelta(seconds=1), session.user
        ended = [
            *rows(user, revoked_at=past),
            *rows(user, expires_at=past),
            *rows(user, epoch=user.session_epoch + 1),
        ]
        for row in ended:
            assert self.end(account, row.pk).status == 404
        assert [*Session.objects.filter(revoked_at=past)] == ended[:1]

    def test_ends_another_device(self, account: Account) -> None:
        other = Account(account.client, account.email)
        other.log_in()
        answer = self.end(account, Session.objects.latest("id").pk)
        assert (answer.status, answer.body) == (204, b"")
        assert other.me().code == "session_revoked"
        assert other.spend().code == "session_revoked"
        assert account.me().status == 200
        assert len(ids(listed(account))) == 1

    def test_ends_the_own_one_too(self, account: Account, session: Session) -> None:
        assert self.end(account, session.pk).status == 204
        assert account.me().code == "session_revoked"

    def test_does_not_find_it_a_second_time(self, account: Account, session: Session) -> None:
        (other,) = rows(session.user)
        assert [self.end(account, other.pk).status for _ in range(2)] == [204, 404]

    def test_finds_none_after_the_end_of_all(self, client: ApiClient, account: Account) -> None:
        earlier = Session.objects.get()
        users.end_all_sessions(earlier.user)
        account.log_in()
        assert self.end(account, earlier.pk).status == 404

    def test_costs_the_bearer_and_one_transaction(
        self,
        account: Account,
        session: Session,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        (other,) = rows(session.user)
        # The bearer; a savepoint, the end, its event, the release.
        with django_assert_num_queries(5):
            self.end(account, other.pk)
