from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from model_bakery import baker
from pydantic import ValidationError
from pytest_django import DjangoAssertNumQueries, Settings

from backend.core.errors import BadRequest
from backend.core.pagination import Cursor, PageQuery, paginate
from backend.users.models import User

PATH = "/api/v1/users/"
ORDERS = ("-id", "id", "email", "-email")


def page(order: str = "-id", *, path: str = PATH, rows: Any = None, **query: Any) -> dict[str, Any]:
    """One page of the users."""
    request = RequestFactory().get(path, {name: str(value) for name, value in query.items()})
    rows = User.objects.all() if rows is None else rows
    return paginate(request, rows, query=PageQuery(**query), order=order)


def follow(address: str, order: str = "-id", *, rows: Any = None) -> dict[str, Any]:
    """The page behind a page's ``next`` or ``previous``."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return page(order, path=parts.path, rows=rows, **query)


def walk(first: dict[str, Any], direction: str, order: str, rows: Any) -> Iterator[dict[str, Any]]:
    """A page and all that come behind it in one direction."""
    yield first
    while first[direction]:
        first = follow(first[direction], order, rows=rows)
        yield first


def ids(found: dict[str, Any]) -> list[UUID]:
    return [row.pk for row in found["results"]]


def cursor_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["cursor"][0]


@pytest.fixture
def users(db: None) -> list[User]:
    """Twenty-five users, the newest first."""
    made: list[User] = baker.make(User, _quantity=25, _bulk_create=True)
    return sorted(made, key=lambda user: user.pk, reverse=True)


class TestPaginate:
    @given(
        count=st.integers(0, 25),
        page_size=st.integers(1, 30),
        order=st.sampled_from(ORDERS),
    )
    @hypothesis_settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_gives_every_row_exactly_once_forwards_and_backwards(
        self, users: list[User], count: int, page_size: int, order: str
    ) -> None:
        chosen = users[:count]
        rows = User.objects.filter(pk__in=[user.pk for user in chosen])
        expected = list(rows.order_by(order).values_list("pk", flat=True))

        first = page(order, rows=rows, page_size=page_size)
        pages = list(walk(first, "next", order, rows))
        assert [pk for found in pages for pk in ids(found)] == expected
        assert all(len(found["results"]) == page_size for found in pages[:-1])

        back = list(walk(pages[-1], "previous", order, rows))
        assert [pk for found in reversed(back) for pk in ids(found)] == expected
        assert back[-1]["previous"] is None

    def test_knows_the_first_and_the_last(self, users: list[User]) -> None:
        first = page(page_size=20)
        assert (first["previous"], len(first["results"])) == (None, 20)
        last = follow(first["next"])
        assert (last["next"], len(last["results"])) == (None, 5)
        assert ids(follow(last["previous"])) == ids(first)

    def test_has_no_neighbours_when_all_fits(self, users: list[User]) -> None:
        found = page(page_size=25)
        assert (found["next"], found["previous"]) == (None, None)

    @pytest.mark.usefixtures("db")
    def test_may_be_empty(self) -> None:
        assert page() == {"results": [], "next": None, "previous": None}

    def test_goes_on_where_a_row_is_gone(self, users: list[User]) -> None:
        first = page(page_size=10)
        User.objects.filter(pk=users[9].pk).delete()
        assert ids(follow(first["next"])) == [user.pk for user in users[10:20]]

    def test_repeats_no_row_when_one_is_added(self, users: list[User]) -> None:
        first = page(page_size=10)
        baker.make(User)
        assert ids(follow(first["next"])) == [user.pk for user in users[10:20]]

    def test_costs_one_query_and_never_counts(
        self, users: list[User], django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        first = page(page_size=10)
        with django_assert_num_queries(1) as queries:
            follow(first["next"])
        statement = queries.captured_queries[0]["sql"]
        assert "COUNT(" not in statement
        assert "OFFSET" not in statement

    def test_gives_absolute_addresses_that_keep_the_filters(self, users: list[User]) -> None:
        request = RequestFactory().get(PATH, {"page_size": "5", "search": "ä&b=c", "is_staff": "1"})
        found = paginate(request, User.objects.all(), query=PageQuery(page_size=5))
        parts = urlsplit(found["next"])
        assert (parts.scheme, parts.netloc, parts.path) == ("http", "testserver", PATH)
        query = parse_qs(parts.query)
        assert query.keys() == {"page_size", "search", "is_staff", "cursor"}
        assert query["search"] == ["ä&b=c"]

    def test_gives_one_cursor_however_far_one_goes(self, users: list[User]) -> None:
        third = follow(follow(page(page_size=5)["next"])["next"])
        assert third["next"].count("cursor=") == 1


class TestPageQuery:
    def test_asks_for_twenty_by_default(self, users: list[User]) -> None:
        assert len(page()["results"]) == 20

    @pytest.mark.parametrize("size", [1, 100])
    def test_takes_one_to_a_hundred(self, size: int) -> None:
        assert PageQuery(page_size=size).page_size == size

    @pytest.mark.parametrize("size", [0, -1, 101, 10**30, "", "ten", 1.5, None])
    def test_refuses_any_other(self, size: Any) -> None:
        with pytest.raises(ValidationError):
            PageQuery(page_size=size)


@pytest.mark.usefixtures("db")
class TestDamagedCursor:
    def test_is_refused_whatever_bit_is_turned(self, users: list[User]) -> None:
        cursor = cursor_of(page(page_size=5)["next"])
        for place in range(len(cursor)):
            damaged = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
            with pytest.raises(BadRequest):
                page(cursor=damaged)

    def test_is_refused_when_cut_or_lengthened(self, users: list[User]) -> None:
        cursor = cursor_of(page(page_size=5)["next"])
        for damaged in (cursor[:-1], cursor[1:], cursor + "A", cursor + "=", cursor + "\n", "="):
            with pytest.raises(BadRequest):
                page(cursor=damaged)

    @pytest.mark.parametrize("text", ["x", "ä", "\0", "[]", "../..", "1", " ", "A" * 1000])
    def test_is_refused_when_it_is_none(self, text: str) -> None:
        with pytest.raises(BadRequest):
            page(cursor=text)

    @given(st.text(min_size=1, max_size=100))
    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_is_refused_and_never_fails(self, text: str) -> None:
        with pytest.raises(BadRequest):
            Cursor.decode(text, scope="any")

    def test_is_refused_in_another_list(self, users: list[User]) -> None:
        cursor = cursor_of(page(page_size=5)["next"])
        with pytest.raises(BadRequest):
            page(path="/api/v1/auth/sessions/", cursor=cursor)

    @pytest.mark.parametrize("order", ["id", "email", "-email"])
    def test_is_refused_in_another_order(self, users: list[User], order: str) -> None:
        cursor = cursor_of(page(page_size=5)["next"])
        with pytest.raises(BadRequest):
            page(order, cursor=cursor)

    def test_is_refused_when_signed_with_another_key(
        self, users: list[User], settings: Settings
    ) -> None:
        cursor = cursor_of(page(page_size=5)["next"])
        settings.SECRET_KEY = "another" * 10
        with pytest.raises(BadRequest):
            page(cursor=cursor)


class TestCursor:
    @given(value=st.text(st.characters(codec="utf-8")), backwards=st.booleans())
    def test_reads_what_it_wrote(self, value: str, backwards: bool) -> None:
        cursor = Cursor(value, backwards)
        assert Cursor.decode(cursor.encode(scope="a"), scope="a") == cursor

    def test_fits_into_an_address(self) -> None:
        encoded = Cursor("ä/?&=+" * 10, backwards=True).encode(scope="a")
        assert encoded.replace("-", "").replace("_", "").isalnum()
