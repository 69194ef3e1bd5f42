"""Declaring beside an operation what its form does not say; ``backend.api`` reads it."""

from collections.abc import Callable
from typing import Any

from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from backend.core.errors import DomainError

ERRORS = "x-errors"
RATE_LIMIT = "x-rate-limit"
PERMISSION = "x-permission"


def raises[F: Callable[..., Any]](*kinds: type[DomainError]) -> Callable[[F], F]:
    """Declare domain errors of an operation, beyond those that its form implies.

    Place it under the router's decorator.
    """
    return _extend({ERRORS: [[kind.status, kind.code.value] for kind in kinds]})


def limited[F: Callable[..., Any]](name: str | None) -> Callable[[F], F]:
    """Count an operation against a limit of its own instead of ``default``; None exempts it."""
    return _extend({RATE_LIMIT: name})


def permitted[F: Callable[..., Any]](permission: str, *, otherwise: int = 403) -> Callable[[F], F]:
    """Ask for a permission (``app.codename``), which ``request.auth.is_permitted`` then tells.

    Whoever lacks it is refused with 403, or with ``otherwise=404`` left to the service, which does
    not tell them what is there.
    """
    return _extend({PERMISSION: {"name": permission, "otherwise": otherwise}})


def _extend[F: Callable[..., Any]](extension: dict[str, Any]) -> Callable[[F], F]:
    def contribute(operation: Operation) -> None:
        operation.openapi_extra = {**(operation.openapi_extra or {}), **extension}

    def decorate(view: F) -> F:
        contribute_operation_callback(view, contribute)
        return view

    return decorate
