"""Every row exactly once, while rows come and go; and no cursor but those that were handed out."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from itertools import batched
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import BadRequest
from backend.core.pagination import _MAC_BYTES, MAX_PAGE_SIZE, Cursor
from tests.properties import profiles, walks
from tests.properties.profiles import rolled_back
from tests.properties.walks import Row, Way

MOST_ROWS = 250 if profiles.THOROUGH else 25
WAYS = st.builds(
    Way, st.sampled_from([*walks.LISTS]), st.sampled_from(["-id", "id", "email", "-email"])
)
SIZES = st.integers(1, 5) | st.integers(1, MAX_PAGE_SIZE)
# What a language's order and the order of code points disagree on.
ADDRESSES = st.text("ab-+._0zß\u00e9e\u0301\u4e2d\U0001f600", min_size=1, max_size=6)
ROWS = st.builds(Row, st.uuids(), ADDRESSES)


def tables(most: int = MOST_ROWS) -> st.SearchStrategy[list[Row]]:
    """Rows of a table, in no order."""
    return st.lists(ROWS, max_size=most, unique_by=(lambda row: row.id, lambda row: row.email))


type Step = tuple[list[Row], list[int]]  # what is added, and the places of what is removed
STEPS = st.lists(st.tuples(tables(3), st.lists(st.integers(0, 1000), max_size=3)), max_size=12)


class Table:
    """A table of users, in which others change a little between any two pages."""

    def __init__(self, rows: list[Row], steps: list[Step]) -> None:
        self.rows = [*rows]
        self.gone: list[Row] = []
        self._steps = [*reversed(steps)]
        walks.insert(rows)

    @property
    def ids(self) -> set[UUID]:
        return {row.id for row in self.rows}

    def change(self) -> None:
        added, places = self._steps.pop() if self._steps else ([], [])
        lost = {self.rows[place % len(self.rows)] for place in places if self.rows}
        walks.remove(lost)
        self.gone += lost
        self.rows = [row for row in self.rows if row not in lost]
        ids = self.ids | {row.id for row in self.gone}
        emails = {row.email for row in self.rows}
        new = [row for row in added if row.id not in ids and row.email not in emails]
        walks.insert(new)
        self.rows += new


@pytest.mark.django_db
class TestWalks:
    @given(rows=tables(), steps=STEPS, size=SIZES, way=WAYS)
    @profiles.examples(25)
    def test_meet_every_row_once_that_is_there_all_the_time(
        self, rows: list[Row], steps: list[Step], size: int, way: Way
    ) -> None:
        with rolled_back():
            table = Table(rows, steps)
            there = table.ids
            pages = [*walks.walk(walks.first(way, size), "next", way, table.change)]
            self.check(pages, there & table.ids, size, way)

            last, there = pages[-1], table.ids
            if last.ids:  # one that has become empty has nothing before which to go on
                back = [*walks.walk(last, "previous", way, table.change)]
                self.check([*reversed(back)], there & table.ids, size, way)

    def check(self, pages: list[walks.Page], stayed: set[UUID], size: int, way: Way) -> None:
        met = [pk for page in pages for pk in page.ids]
        assert len(met) == len({*met})
        assert stayed <= {*met}
        assert all(len(page.ids) <= size for page in pages)
        still = [pk for pk in walks.ordered(way.order) if pk in met]
        assert [pk for pk in met if pk in still] == still

    @given(rows=tables(), size=SIZES, way=WAYS, turns=st.lists(st.booleans(), max_size=12))
    @profiles.examples(25)
    def test_come_by_the_same_pages_forwards_and_backwards(
        self, rows: list[Row], size: int, way: Way, turns: list[bool]
    ) -> None:
        with rolled_back():
            walks.insert(rows)
            expected = [[*ids] for ids in batched(walks.ordered(way.order), size)] or [[]]
            forwards = [*walks.walk(walks.first(way, size), "next", way)]
            assert [page.ids for page in forwards] == expected
            backwards = [*walks.walk(forwards[-1], "previous", way)]
            assert [page.ids for page in reversed(backwards)] == expected

            page, place = backwards[-1], 0
            for goes_on in turns:
                address = page.next if goes_on else page.previous
                assert (address is not None) is (0 <= place + (goes_on or -1) < len(expected))
                if address is not None:
                    page, place = walks.follow(address, way), place + (goes_on or -1)
                    assert page.ids == expected[place]


VALUES = st.text(st.characters(codec="utf-8"), max_size=30) | st.uuids().map(str)
CURSORS = st.builds(Cursor, VALUES, st.booleans())


def is_refused(text: str, *, scope: str = "/list/ id") -> bool:
    try:
        Cursor.decode(text, scope=scope)
    except BadRequest:
        return True
    return False


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def written(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


class TestCursors:
    @given(cursor=CURSORS, place=st.integers(0, 10_000), mask=st.integers(1, 255))
    @profiles.examples(80)
    def test_are_refused_with_any_byte_changed(self, cursor: Cursor, place: int, mask: int) -> None:
        content = bytearray(raw(cursor.encode(scope="/list/ id")))
        content[place % len(content)] ^= mask
        assert is_refused(written(bytes(content)))

    @given(cursor=CURSORS, place=st.integers(0, 10_000), letter=st.characters())
    @profiles.examples(80)
    def test_are_refused_with_any_letter_changed_added_or_lost(
        self, cursor: Cursor, place: int, letter: str
    ) -> None:
        text = cursor.encode(scope="/list/ id")
        place %= len(text)
        changed = text[:place] + letter + text[place + 1 :]
        assert changed == text or is_refused(changed)
        assert is_refused(text[:place] + letter + text[place:])
        assert is_refused(text[:place] + text[place + 1 :])
        assert is_refused(text[:place])
        assert is_refused(text[place + 1 :])

    @given(cursor=CURSORS)
    @profiles.examples(40)
    def test_are_refused_in_another_spelling(self, cursor: Cursor) -> None:
        text = cursor.encode(scope="/list/ id")
        padded = text + "=" * (-len(text) % 4 or 4)
        plain = text.replace("-", "+").replace("_", "/")
        for other in (padded, plain, f" {text}", f"{text}\n", f"{text[:8]}\n{text[8:]}", text * 2):
            assert other == text or is_refused(other)

    @given(cursor=CURSORS, other=CURSORS, scope=st.text(max_size=20))
    @profiles.examples(60)
    def test_are_refused_with_another_content_or_in_another_list(
        self, cursor: Cursor, other: Cursor, scope: str
    ) -> None:
        text = cursor.encode(scope="/list/ id")
        forged = raw(text)[:_MAC_BYTES] + raw(other.encode(scope="/list/ id"))[_MAC_BYTES:]
        assert cursor == other or is_refused(written(forged))
        assert scope == "/list/ id" or is_refused(text, scope=scope)
