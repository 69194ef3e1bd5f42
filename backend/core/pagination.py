"""Keyset pages: every list is read along one unique column, and no list ever counts its rows.

A cursor names the row a page starts behind. It is opaque, and signed together with the list and the
order it belongs to, so a damaged or borrowed one is refused instead of answering the wrong rows.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any, Self

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict, Field

from backend.core.compiled import Selection
from backend.core.errors import BadRequest
from backend.core.schemas import documented

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
_MAC_BYTES = 12

Address = Annotated[str, documented(format="uri")]


class PageQuery(BaseModel):
    """The query parameters of every list."""

    model_config = ConfigDict(extra="ignore")

    page_size: Annotated[
        int, Field(ge=1, le=MAX_PAGE_SIZE, description="How many results to answer at most.")
    ] = DEFAULT_PAGE_SIZE
    cursor: Annotated[
        str,
        Field(
            description="Where to go on: take it from `next` or `previous`.",
            json_schema_extra=lambda schema: schema.pop("default", None),
        ),
    ] = ""


class Page[Item](BaseModel):
    """One page of a list, with the addresses of its neighbours."""

    # Said again, since a page of something does not inherit it.
    model_config = ConfigDict(
        json_schema_extra={"description": "One page of a list, with its neighbours' addresses."}
    )

    results: list[Item]
    next: Annotated[Address | None, Field(description="The next page's URL; null on the last.")]
    previous: Annotated[
        Address | None, Field(description="The previous page's URL; null on the first.")
    ]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind which value of the key to go on, and in which direction."""

    value: str
    backwards: bool

    def encode(self, *, scope: str) -> str:
        """The opaque form, bound to ``scope``."""
        payload = json.dumps([self.value, int(self.backwards)], separators=(",", ":")).encode()
        return urlsafe_b64encode(_mac(payload, scope) + payload).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, *, scope: str) -> Self:
        """Read what ``encode`` made.

        Raises:
            BadRequest: it is damaged, or of another list or order.
        """
        try:
            raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except ValueError:
            raise BadRequest("The cursor is damaged") from None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        again = urlsafe_b64encode(raw).decode().rstrip("=")
        if again != text or not hmac.compare_digest(mac, _mac(payload, scope)):
            raise BadRequest("The cursor is damaged")
        value, backwards = json.loads(payload)
        return cls(value, bool(backwards))


def paginate(
    request: HttpRequest,
    rows: QuerySet[Any, Any] | Selection[Any],
    *,
    query: PageQuery,
    order: str = "-id",
) -> dict[str, Any]:
    """One page of ``rows`` along ``order``: a unique column, with ``-`` for descending.

    Raises:
        BadRequest: the cursor is damaged.
    """
    column, descending = order.removeprefix("-"), order.startswith("-")
    scope = f"{request.path_info} {order}"
    cursor = Cursor.decode(query.cursor, scope=scope) if query.cursor else None
    backwards = cursor is not None and cursor.backwards

    found = _read(rows, column, falling=descending != backwards, cursor=cursor, query=query)
    more, found = len(found) > query.page_size, found[: query.page_size]
    if backwards:
        found.reverse()

    def address(row: Any, *, back: bool) -> str:
        value = row[column] if isinstance(row, dict) else getattr(row, column)
        parameters = request.GET.copy()
        parameters["cursor"] = Cursor(str(value), back).encode(scope=scope)
        return f"{request.build_absolute_uri(request.path)}?{parameters.urlencode()}"

    has_next = bool(found) and (more if not backwards else True)
    has_previous = bool(found) and (more if backwards else cursor is not None)
    return {
        "results": found,
        "next": address(found[-1], back=False) if has_next else None,
        "previous": address(found[0], back=True) if has_previous else None,
    }


def _read(
    rows: QuerySet[Any, Any] | Selection[Any],
    column: str,
    *,
    falling: bool,
    cursor: Cursor | None,
    query: PageQuery,
) -> list[Any]:
    """The rows of a page and one more, from the cursor on."""
    order, at_most = f"-{column}" if falling else column, query.page_size + 1
    comparison = f"{column}__{'lt' if falling else 'gt'}" if cursor else None
    edge = cursor.value if cursor else None
    if isinstance(rows, Selection):
        return rows.read(order, at_most=at_most, comparison=comparison, edge=edge)
    if comparison:
        rows = rows.filter(**{comparison: edge})
    return list(rows.order_by(order)[:at_most])


def _mac(payload: bytes, scope: str) -> bytes:
    key = blake2b(settings.SECRET_KEY.encode(), person=b"page cursor").digest()
    return blake2b(scope.encode() + b"\0" + payload, key=key, digest_size=_MAC_BYTES).digest()
