"""``GET users/``."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from model_bakery import baker
from pytest_django import DjangoAssertNumQueries

from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient
from backend.testing.staff import CHANGE, VIEW, permit, promote, user_of
from backend.users.models import User
from tests.users.staff import STAFF_FIELDS, emails_in, listing

pytestmark = pytest.mark.django_db

ORDERINGS = {
    "created_at": "id",
    "-created_at": "-id",
    "email": "email",
    "-email": "-email",
}
EACH_ORDERING = pytest.mark.parametrize("ordering", ORDERINGS)


def walk(caller: Account, start: Answer, direction: str) -> Iterator[Answer]:
    """The page and all those behind it, as its links lead."""
    page = start
    for _ in range(50):
        assert page.status == 200, page
        yield page
        address = page.json[direction]
        if address is None:
            return
        page = caller.client.get(address, token=caller.access)
    pytest.fail("the links never end")


class TestList:
    def test_refuses_the_anonymous(self, client: ApiClient) -> None:
        answer = client.get("users/")
        assert (answer.status, answer.code) == (401, "not_authenticated")

    def test_refuses_the_anonymous_before_it_looks_at_the_query(self, client: ApiClient) -> None:
        assert client.get("users/?page_size=0&cursor=x").status == 401

    def test_refuses_a_user_without_the_permission(self, account: Account) -> None:
        answer = listing(account)
        assert (answer.status, answer.code) == (403, "permission_denied")

    def test_refuses_them_before_it_looks_at_the_query(self, account: Account) -> None:
        assert listing(account, page_size=0, cursor="x", search="\0").status == 403

    @pytest.mark.parametrize("permissions", [(), (CHANGE,), ("users.add_user",)])
    def test_refuses_staff_with_other_permissions(
        self, account: Account, permissions: tuple[str, ...]
    ) -> None:
        permit(account, *permissions)
        assert listing(account).code == "permission_denied"

    def test_refuses_whoever_has_lost_the_permission(self, staff: Account) -> None:
        assert listing(staff).status == 200
        user_of(staff).user_permissions.clear()
        assert listing(staff).status == 403

    def test_refuses_staff_who_are_disabled(self, staff: Account) -> None:
        User.objects.filter(email=staff.email).update(is_active=False)
        assert listing(staff).code == "session_revoked"

    def test_refuses_whoever_has_the_permission_of_another_model_of_that_name(
        self, account: Account
    ) -> None:
        permit(account, "authentication.view_session")
        assert listing(account).status == 403

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("page_size", "0"),
            ("page_size", "101"),
            ("page_size", "x"),
            ("is_active", "maybe"),
            ("is_active", ""),
            ("is_staff", "2"),
            ("ordering", "first_name"),
            ("ordering", "-"),
            ("ordering", "password"),
            ("ordering", ""),
            ("search", "a\0b"),
            ("search", "\0"),
            ("search", "x" * 255),
        ],
    )
    def test_refuses_a_query_that_makes_no_sense(
        self, staff: Account, name: str, value: str
    ) -> None:
        answer = listing(staff, **{name: value})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [name]

    def test_ignores_unknown_parameters(self, staff: Account) -> None:
        assert emails_in(listing(staff, is_superuser="x", q="nobody")) == [staff.email]

    @pytest.mark.parametrize("through_a_group", [False, True])
    def test_answers_whoever_has_the_permission(
        self, account: Account, through_a_group: bool
    ) -> None:
        permit(account, VIEW, through_a_group=through_a_group)
        assert emails_in(listing(account)) == [account.email]

    def test_answers_whoever_has_it_twice(self, account: Account) -> None:
        permit(permit(account, VIEW), VIEW, through_a_group=True)
        assert emails_in(listing(account)) == [account.email]

    def test_asks_for_the_permission_and_not_for_the_flag(self, account: Account) -> None:
        permit(account, VIEW)
        User.objects.update(is_staff=False)
        assert listing(account).status == 200

    def test_answers_a_superuser(self, account: Account) -> None:
        assert emails_in(listing(promote(account))) == [account.email]

    def test_shows_what_staff_see(self, staff: Account) -> None:
        user: User = baker.make(
            User,
            email="ada@example.com",
            first_name="Ada",
            last_name="Lovelace",
            is_active=False,
            is_superuser=True,
            is_staff=True,
            email_verified=True,
            last_login=timezone.now(),
        )
        (found,) = listing(staff, search="ada").json["results"]
        times = {name: found.pop(name) for name in ("created_at", "updated_at", "last_login")}
        for name, value in times.items():
            assert value.endswith("Z")
            assert datetime.fromisoformat(value) == getattr(user, name)
        assert found == {
            "id": str(user.pk),
            "email": "ada@example.com",
            "email_verified": True,
            "first_name": "Ada",
            "last_name": "Lovelace",
            "is_active": False,
            "is_staff": True,
            "is_superuser": True,
        }

    def test_says_null_of_whoever_never_logged_in(self, staff: Account) -> None:
        baker.make(User, email="ada@example.com", last_login=None)
        (found,) = listing(staff, search="ada").json["results"]
        assert found.keys() == STAFF_FIELDS
        assert found["last_login"] is None

    def test_is_not_to_be_kept_by_caches(self, staff: Account) -> None:
        assert listing(staff).headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("amount", [1, 30])
    def test_costs_two_queries_however_many_there_are(
        self, staff: Account, amount: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        baker.make(User, _quantity=amount)
        query = {"search": "a", "is_active": "true", "is_staff": "false", "ordering": "email"}
        with django_assert_num_queries(2) as captured:  # bearer with permission; the page
            assert listing(staff, **query).status == 200
        assert not [query for query in captured if "COUNT(" in query["sql"].upper()]

    def test_costs_one_query_to_refuse(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            assert listing(account).status == 403


class TestFilters:
    @pytest.fixture(autouse=True)
    def _people(self, db: None) -> None:
        for is_active in (True, False):
            for is_staff in (True, False):
                email = f"{is_active}.{is_staff}@example.com".lower()
                baker.make(User, email=email, is_active=is_active, is_staff=is_staff)

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({}, ["false.false", "false.true", "true.false", "true.true"]),
            ({"is_active": "true"}, ["true.false", "true.true"]),
            ({"is_active": "false"}, ["false.false", "false.true"]),
            ({"is_staff": "true"}, ["false.true", "true.true"]),
            ({"is_staff": "false"}, ["false.false", "true.false"]),
            ({"is_staff": "false", "is_active": "false"}, ["false.false"]),
            ({"is_staff": "true", "is_active": "true"}, ["true.true"]),
        ],
    )
    def test_show_those_of_these_rights(
        self, staff: Account, filters: dict[str, str], found: list[str]
    ) -> None:
        emails = emails_in(listing(staff, search="example.com", ordering="email", **filters))
        assert [email.partition("@")[0] for email in emails] == found


class TestOrdering:
    AMOUNT = 7  # with the caller eight: pages of 1, 3 and 8 end in every way

    @pytest.fixture(autouse=True)
    def _people(self, staff: Account) -> None:
        for number in range(self.AMOUNT):  # their addresses in another order than their ids
            baker.make(User, email=f"{number * 3 % self.AMOUNT}@example.com")

    def test_is_newest_first_unless_told(self, staff: Account) -> None:
        assert emails_in(listing(staff)) == emails_in(listing(staff, ordering="-created_at"))

    @EACH_ORDERING
    def test_sorts(self, staff: Account, ordering: str) -> None:
        people = listing(staff, ordering=ordering).json["results"]
        values = [person[ordering.removeprefix("-")] for person in people]
        assert values == sorted(values, reverse=ordering.startswith("-"))
        assert len({*values}) == self.AMOUNT + 1

    @EACH_ORDERING
    @pytest.mark.parametrize("page_size", [1, 3, 8, 100])
    def test_shows_everybody_once_forwards_and_back(
        self, staff: Account, ordering: str, page_size: int
    ) -> None:
        everybody = [*User.objects.order_by(ORDERINGS[ordering]).values_list("email", flat=True)]
        first = listing(staff, ordering=ordering, page_size=page_size)
        there = [*walk(staff, first, "next")]
        assert [email for page in there for email in emails_in(page)] == everybody
        assert first.json["previous"] is None
        back = [*walk(staff, there[-1], "previous")]
        assert [emails_in(page) for page in reversed(back)] == [emails_in(page) for page in there]
        assert all(len(emails_in(page)) == page_size for page in there[:-1])

    @EACH_ORDERING
    def test_keeps_search_filters_and_order_in_its_links(
        self, staff: Account, ordering: str
    ) -> None:
        query = {"search": "@EXAMPLE", "is_staff": "false", "ordering": ordering, "page_size": "2"}
        for page in walk(staff, listing(staff, **query), "next"):
            assert not {staff.email} & {*emails_in(page)}
            for address in filter(None, (page.json["next"], page.json["previous"])):
                sent = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}
                assert {name: sent[name] for name in query} == query

    @EACH_ORDERING
    def test_goes_on_where_it_was_when_people_come_and_go(
        self, staff: Account, ordering: str
    ) -> None:
        first = listing(staff, ordering=ordering, page_size=4)
        seen = emails_in(first)
        assert seen[-1] != staff.email
        User.objects.filter(email=seen[-1]).delete()  # the row that the cursor names
        second = staff.client.get(first.json["next"], token=staff.access)
        rest = [email for page in walk(staff, second, "next") for email in emails_in(page)]
        assert len(rest) == self.AMOUNT + 1 - 4
        assert not {*rest} & {*seen}

    @pytest.mark.parametrize(("one", "other"), [*pairwise([*ORDERINGS, *ORDERINGS][:5])])
    def test_refuses_the_cursor_of_another(self, staff: Account, one: str, other: str) -> None:
        address = listing(staff, ordering=one, page_size=1).json["next"]
        (cursor,) = parse_qs(urlsplit(address).query)["cursor"]
        answer = listing(staff, ordering=other, cursor=cursor)
        assert (answer.status, answer.code) == (400, "bad_request")
        assert listing(staff, ordering=one, cursor=cursor).status == 200

    def test_refuses_the_cursor_of_another_list(self, staff: Account) -> None:
        staff.log_in()
        address = staff.client.get("auth/sessions/?page_size=1", token=staff.access).json["next"]
        (cursor,) = parse_qs(urlsplit(address).query)["cursor"]
        assert listing(staff, cursor=cursor).code == "bad_request"

    @pytest.mark.parametrize("cursor", ["x", "AAAA", "\U0001f600", "%00", "a" * 1000])
    def test_refuses_a_damaged_cursor(self, staff: Account, cursor: str) -> None:
        answer = listing(staff, cursor=cursor)
        assert (answer.status, answer.code) == (400, "bad_request")
        assert answer.errors == {}

    def test_tells_nothing_in_its_cursors_that_the_page_does_not(self, staff: Account) -> None:
        page: dict[str, Any] = listing(staff, ordering="email", page_size=1).json
        assert urlsplit(page["next"]).path == "/api/v1/users/"
        assert page["next"].startswith("http://testserver/")
