"""The error family of the service: closed codes, one envelope.

A domain error is defined beside what raises it, as a subclass of one of the kinds below; the kind
gives it its status and code. Only ``envelope`` turns an error into bytes.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

import orjson
from django.http import HttpResponse

from backend.core.context import request_id

type FieldErrors = Mapping[str, list[str]]


class ErrorCode(StrEnum):
    """Everything ``code`` can be. Clients branch on it, so codes are never renamed."""

    VALIDATION_ERROR = "validation_error"
    INVALID_JSON = "invalid_json"
    BAD_REQUEST = "bad_request"
    NOT_AUTHENTICATED = "not_authenticated"
    INVALID_CREDENTIALS = "invalid_credentials"
    TOKEN_INVALID = "token_invalid"
    TOKEN_EXPIRED = "token_expired"
    SESSION_REVOKED = "session_revoked"
    REFRESH_TOKEN_ROTATED = "refresh_token_rotated"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    LENGTH_REQUIRED = "length_required"
    PRECONDITION_FAILED = "precondition_failed"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    SERVICE_UNAVAILABLE = "service_unavailable"


class DomainError(Exception):
    """A refusal with a stable meaning. Subclasses say what is the case.

    Attributes:
        status: The HTTP status it is answered with.
        code: The machine-readable code.
        message: One sentence for people.
        errors: Messages by dotted field name, where single fields are to blame.
        headers: Further headers of the answer.
    """

    status: ClassVar[int] = 500
    code: ClassVar[ErrorCode] = ErrorCode.SERVER_ERROR
    message: str = "Internal server error"
    errors: FieldErrors = {}
    headers: Mapping[str, str] = {}

    def __init__(
        self,
        message: str | None = None,
        *,
        errors: FieldErrors | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message or self.message)
        self.message = message or self.message
        self.errors = errors or self.errors
        self.headers = {**self.headers, **(headers or {})}


class ValidationFailed(DomainError):
    """Single fields of the request are to blame."""

    status = 400
    code = ErrorCode.VALIDATION_ERROR
    message = "Validation failed"


class InvalidJSON(DomainError):
    """The body is not JSON as RFC 8259 has it, or cannot be stored as text."""

    status = 400
    code = ErrorCode.INVALID_JSON
    message = "The body is not valid JSON"


class BadRequest(DomainError):
    """The request is wrong as a whole: a damaged cursor, an unknown host."""

    status = 400
    code = ErrorCode.BAD_REQUEST
    message = "Bad request"


class Unauthenticated(DomainError):
    """The caller is not who they have to be; the base of every 401."""

    status = 401
    code = ErrorCode.NOT_AUTHENTICATED
    message = "Authentication is required"
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class PermissionDenied(DomainError):
    """The caller is known and may not do this."""

    status = 403
    code = ErrorCode.PERMISSION_DENIED
    message = "You do not have permission to do this"


class NotFound(DomainError):
    """There is no such thing, or none that the caller may know of."""

    status = 404
    code = ErrorCode.NOT_FOUND
    message = "Not found"


class MethodNotAllowed(DomainError):
    """The path exists, the method does not."""

    status = 405
    code = ErrorCode.METHOD_NOT_ALLOWED
    message = "This method is not allowed here"


class Conflict(DomainError):
    """The request was in order when it began, and something else has come first."""

    status = 409
    code = ErrorCode.CONFLICT
    message = "Something else was there first"


class LengthRequired(DomainError):
    """The body came without a length."""

    status = 411
    code = ErrorCode.LENGTH_REQUIRED
    message = "Send the body with a Content-Length"


class PreconditionFailed(DomainError):
    """The resource is no longer the one that the caller has seen."""

    status = 412
    code = ErrorCode.PRECONDITION_FAILED
    message = "It has changed since you read it"


class PayloadTooLarge(DomainError):
    """The body is over ``MAX_BODY_BYTES``."""

    status = 413
    code = ErrorCode.PAYLOAD_TOO_LARGE
    message = "The body is too large"


class UnsupportedMediaType(DomainError):
    """The body is not ``application/json`` in UTF-8."""

    status = 415
    code = ErrorCode.UNSUPPORTED_MEDIA_TYPE
    message = "Send the body as application/json in UTF-8"


class ServerError(DomainError):
    """Ours to blame; nothing of the cause leaves the service."""

    status = 500
    code = ErrorCode.SERVER_ERROR
    message = "Internal server error"


class ServiceUnavailable(DomainError):
    """Something the service needs is away or busy: come back in a moment."""

    status = 503
    code = ErrorCode.SERVICE_UNAVAILABLE
    message = "The service is unavailable for the moment"
    headers: Mapping[str, str] = {"Retry-After": "1"}


def by_status(status: int) -> type[DomainError]:
    """The kind that stands for a bare HTTP status, for answers made by Django itself."""
    return _BY_STATUS.get(status, BadRequest if status < 500 else ServerError)  # noqa: PLR2004


_BY_STATUS: dict[int, type[DomainError]] = {
    kind.status: kind
    for kind in (
        BadRequest,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        MethodNotAllowed,
        Conflict,
        LengthRequired,
        PreconditionFailed,
        PayloadTooLarge,
        UnsupportedMediaType,
        ServerError,
        ServiceUnavailable,
    )
}


def envelope(error: DomainError) -> HttpResponse:
    """Render the one body of every status >= 400."""
    body = {
        "error": True,
        "status_code": error.status,
        "code": error.code,
        "message": error.message,
        **_stamp(),
        "errors": error.errors,
    }
    content = orjson.dumps(body)
    return HttpResponse(
        content,
        status=error.status,
        content_type="application/json; charset=utf-8",
        headers={**error.headers, "Content-Length": str(len(content))},
    )


def renewed(content: bytes) -> bytes:
    """An envelope made before, as an answer to the request under way."""
    return orjson.dumps({**orjson.loads(content), **_stamp()})


def _stamp() -> dict[str, str]:
    return {
        "request_id": request_id.get(),
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
    }
