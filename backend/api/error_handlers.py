"""Any exception of an operation into the one envelope. Nothing of the cause leaves the service."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import BadRequest as DjangoBadRequest
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as NinjaValidationError

from backend.core import errors
from backend.core.errors import DomainError, ValidationFailed
from backend.core.telemetry.log import logger

NON_FIELD = "non_field_errors"


def register(api: NinjaAPI) -> None:
    """Make every exception of an API's operations an envelope."""
    for exception, translate in _TRANSLATIONS.items():
        api.add_exception_handler(exception, _handler(translate))


def _handler(translate: Callable[[Any], DomainError]) -> Callable[[HttpRequest, Any], HttpResponse]:
    def handle(_: HttpRequest, exception: Any) -> HttpResponse:
        return errors.envelope(translate(exception))

    return handle


def _http_error(exception: HttpError) -> DomainError:
    """Ninja's own; it wraps what the body parser raised."""
    if isinstance(exception.__cause__, DomainError):
        return exception.__cause__
    return errors.by_status(exception.status_code)()


def _validation_error(exception: NinjaValidationError) -> DomainError:
    return ValidationFailed(errors=field_errors(exception.errors))


def field_errors(faults: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Messages by dotted field name, without the place and the parameter they came by."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        place, *path = fault["loc"]
        if place == "body":
            path = path[1:]  # the name of the view's parameter
        name = ".".join(str(step) for step in path) or NON_FIELD
        message = str(fault["msg"]).removeprefix("Value error, ")
        found.setdefault(name, []).append(message)
    return found


def _database_away(exception: Exception) -> DomainError:
    logger.bind(reason=type(exception.__cause__ or exception).__name__).warning("database error")
    return errors.ServiceUnavailable()


def _unexpected(exception: Exception) -> DomainError:
    logger.opt(exception=exception).error("unhandled exception")
    return errors.ServerError()


_TRANSLATIONS: dict[type[Exception], Callable[[Any], DomainError]] = {
    DomainError: lambda error: error,
    NinjaValidationError: _validation_error,
    AuthenticationError: lambda _: errors.Unauthenticated(),
    HttpError: _http_error,
    Http404: lambda _: errors.NotFound(),
    DjangoPermissionDenied: lambda _: errors.PermissionDenied(),
    DjangoBadRequest: lambda _: errors.BadRequest(),
    SuspiciousOperation: lambda _: errors.BadRequest(),
    UnreadablePostError: lambda _: errors.BadRequest("The body could not be read"),
    OperationalError: _database_away,
    InterfaceError: _database_away,
    Exception: _unexpected,
}
