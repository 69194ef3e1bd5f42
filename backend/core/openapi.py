"""Declaring beside an operation what its form does not say; ``backend.api`` reads it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Literal

from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from backend.core.errors import DomainError

ERRORS = "x-errors"
RATE_LIMIT = "x-rate-limit"
PERMISSION = "x-permission"
IDEMPOTENCY = "x-idempotency"
ETAG = "x-etag"
DEPRECATION = "x-deprecation"

type JSON = dict[str, Any]
type Idempotency = Literal["stored", "recovered", "ignored"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def raises[F: Callable[..., Any]](*kinds: type[DomainError]) -> Callable[[F], F]:
    """Declare domain errors of an operation, beyond those that its form implies.

    Place it under the router's decorator.
    """
    return _extend({ERRORS: kinds})


def limited[F: Callable[..., Any]](name: str | None) -> Callable[[F], F]:
    """Count an operation against a limit of its own instead of ``default``; None exempts it."""
    return _extend({RATE_LIMIT: name})


def permitted[F: Callable[..., Any]](permission: str, *, otherwise: int = 403) -> Callable[[F], F]:
    """Ask for a permission (``app.codename``), which ``request.auth.is_permitted`` then tells.

    Whoever lacks it is refused with 403, or left to the service: with ``otherwise=404``, which does
    not tell them what is there, or ``otherwise=200``, which answers with less.
    """
    return _extend({PERMISSION: {"name": permission, "otherwise": otherwise}})


def idempotency[F: Callable[..., Any]](kind: Idempotency) -> Callable[[F], F]:
    """Say what an ``Idempotency-Key`` does where the answer is not simply stored and replayed.

    ``recovered``: the operation makes the same answer again. ``ignored``: the key does nothing.
    """
    return _extend({IDEMPOTENCY: kind})


def idempotency_of(methods: Iterable[str], declared: Mapping[str, Any]) -> Idempotency | None:
    """What a key does with an operation of these methods and declarations; None if it is safe."""
    if _SAFE.issuperset(methods):
        return None
    kind: Idempotency = declared.get(IDEMPOTENCY, "stored")
    return kind


def versioned[F: Callable[..., Any]](view: F) -> F:
    """Answer with an ``ETag``: a read takes ``If-None-Match``, a change takes ``If-Match``."""
    return _extend({ETAG: True})(view)


def deprecated[F: Callable[..., Any]](
    *, since: date, sunset: date, replacement: str | None = None
) -> Callable[[F], F]:
    """Announce that an operation will be gone from ``sunset`` on, and what to call instead.

    ``replacement`` is a path of this API, or a URL. docs/versions.md tells what follows from it.
    """
    dates = {"since": since.isoformat(), "sunset": sunset.isoformat()}
    return _extend({DEPRECATION: {**dates, "replacement": replacement}})


def bearer_optional[F: Callable[..., Any]](view: F) -> F:
    """Take a bearer token as one of several ways in; the operation itself asks for one of them."""
    return _extend({"security": [{}, {"BearerAuth": []}]})(view)


def _extend[F: Callable[..., Any]](extension: dict[str, Any]) -> Callable[[F], F]:
    def contribute(operation: Operation) -> None:
        operation.openapi_extra = {**(operation.openapi_extra or {}), **extension}

    def decorate(view: F) -> F:
        contribute_operation_callback(view, contribute)
        return view

    return decorate
