"""What can be called, and with what."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

from pydantic_core import to_json

from .base_model import Page, Versioned
from .unset import UNSET

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Operation(Generic[T_co]):
    """An operation of the service, as its document declares it.

    Attributes:
        id: Its name.
        method: The HTTP method.
        path: With ``{name}`` for what differs.
        answer: The type of the body of a success; None if there is none.
        statuses: Further statuses that answer the same body.
        idempotency: What it does with a key: nothing needed, since it changes nothing (``safe``);
            the answer is stored; it is recovered; or it is ignored, so that a repetition repeats.
        is_private: Whether it needs the access token.
        sends_refresh: Whether the kept refresh token is part of the body.
        ends_session: Whether the kept tokens are of no use afterwards.
    """

    id: str
    method: str
    path: str
    answer: Any = None
    statuses: tuple[int, ...] = ()
    idempotency: Literal["safe", "stored", "recovered", "ignored"] = "safe"
    is_private: bool = True
    sends_refresh: bool = False
    ends_session: bool = False

    @property
    def takes_key(self) -> bool:
        """Whether an ``Idempotency-Key`` keeps it from being done twice."""
        return self.idempotency in {"stored", "recovered"}

    @property
    def can_be_repeated(self) -> bool:
        """Whether it may be sent again when nobody knows if it was carried out."""
        return self.idempotency != "ignored"


@dataclass(frozen=True, repr=False)  # there may be passwords in it
class Arguments:
    """What one call is made with. ``UNSET`` is left out."""

    path: Mapping[str, UUID | str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    if_match: Versioned | str | None = None
    if_none_match: Versioned | None = None
    idempotency_key: str | None = None
    request_id: str | None = None

    def path_of(self, operation: Operation[object]) -> str:
        """The path, with whatever was given for it as one segment each.

        Raises:
            ValueError: something given is no segment; it would lead to another operation.
        """
        if {"", ".", ".."} & {str(value) for value in self.path.values()}:
            raise ValueError(f"{operation.id} needs an id")
        values = {name: quote(str(value), safe="") for name, value in self.path.items()}
        return operation.path.format_map(values)

    def parameters(self) -> dict[str, Any]:
        """The query."""
        return {name: value for name, value in self.query.items() if value is not UNSET}

    def content(self) -> bytes | None:
        """The body, as JSON."""
        if self.body is None:
            return None
        return to_json({name: value for name, value in self.body.items() if value is not UNSET})

    def headers(self) -> dict[str, str]:
        """The headers that are about this call.

        Raises:
            ValueError: ``if_match`` has no ETag, and would protect nothing.
        """
        tag = self.if_match.etag if isinstance(self.if_match, Versioned) else self.if_match
        if self.if_match is not None and not tag:
            raise ValueError("if_match has no ETag: read the object itself, not a list of them")
        known = self.if_none_match.etag if self.if_none_match else None
        headers = {
            "Content-Type": "application/json" if self.body is not None else None,
            "Idempotency-Key": self.idempotency_key,
            "If-Match": tag,
            "If-None-Match": known,
            "X-Request-ID": self.request_id,
        }
        return {name: value for name, value in headers.items() if value is not None}

    def after(self, page: Page[object]) -> "Arguments | None":
        """The same for the next page; None after the last.

        Only the cursor is taken from its URL: tokens go nowhere but to the service.
        """
        if page.next is None:
            return None
        cursor = parse_qs(urlsplit(page.next).query)["cursor"][0]
        return replace(self, query={**self.query, "cursor": cursor})
