"""Declaring the refusals of an operation beside it; ``backend.api.openapi`` reads them."""

from collections.abc import Callable
from typing import Any

from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from backend.core.errors import DomainError

EXTENSION = "x-errors"


def raises[F: Callable[..., Any]](*kinds: type[DomainError]) -> Callable[[F], F]:
    """Declare domain errors of an operation, beyond those that its form implies.

    Place it under the router's decorator.
    """

    def contribute(operation: Operation) -> None:
        declared = {EXTENSION: [[kind.status, kind.code.value] for kind in kinds]}
        operation.openapi_extra = {**(operation.openapi_extra or {}), **declared}

    def decorate(view: F) -> F:
        contribute_operation_callback(view, contribute)
        return view

    return decorate
