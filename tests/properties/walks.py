"""Walking through a list page by page, as a client does who follows ``next`` and ``previous``."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.db import connection
from django.test import RequestFactory

from backend.core.pagination import PageQuery, paginate
from backend.users import services as users
from backend.users.models import User

PATH = "/api/v1/users/"
LISTS: Mapping[str, Callable[[], Any]] = {
    "rows": User.objects.all,
    "the list of users": users.list_users,
    "the list of some": lambda: users.list_users(is_active=True, is_staff=False),
}
_factory = RequestFactory()


@dataclass(frozen=True)
class Row:
    """A user as far as order is concerned."""

    id: UUID
    email: str


@dataclass(frozen=True)
class Way:
    """Which list is read, in which order."""

    source: str
    order: str


@dataclass(frozen=True)
class Page:
    """What came, and where its neighbours are said to be."""

    ids: list[UUID]
    next: str | None
    previous: str | None


def insert(rows: list[Row]) -> None:
    User.objects.bulk_create(User(id=row.id, email=row.email) for row in rows)


def remove(rows: Iterable[Row]) -> None:
    """By a statement that, unlike Django's, looks for nothing that goes with them."""
    User.objects.filter(pk__in=[row.id for row in rows])._raw_delete(connection.alias)


def first(way: Way, size: int) -> Page:
    return _page(way, {"page_size": str(size)})


def follow(address: str, way: Way) -> Page:
    parts = urlsplit(address)
    assert parts.path == PATH
    return _page(way, {name: values[0] for name, values in parse_qs(parts.query).items()})


def walk(
    page: Page, direction: str, way: Way, meanwhile: Callable[[], None] = lambda: None
) -> Iterator[Page]:
    """A page and all behind it in one direction; something happens between any two of them."""
    yield page
    known = set()
    while address := getattr(page, direction):
        assert address not in known, "the walk goes round in circles"
        known.add(address)
        meanwhile()
        page = follow(address, way)
        yield page


def ordered(order: str) -> list[UUID]:
    return [*User.objects.order_by(order).values_list("pk", flat=True)]


def _page(way: Way, query: dict[str, str]) -> Page:
    request = _factory.get(PATH, query)
    parameters: Any = query
    found = paginate(request, LISTS[way.source](), query=PageQuery(**parameters), order=way.order)
    return Page([_id(row) for row in found["results"]], found["next"], found["previous"])


def _id(row: Any) -> UUID:
    found: UUID = row["id"] if isinstance(row, dict) else row.pk
    return found
