"""What can be the case with an ``Idempotency-Key``."""

from collections.abc import Mapping

from backend.core.errors import Conflict, DomainError, ErrorCode, FieldErrors, ValidationFailed


class KeyInvalid(ValidationFailed):
    """The header is no key."""

    errors: FieldErrors = {"Idempotency-Key": ["Send 1 to 128 characters of A-Z a-z 0-9 . _ -"]}


class InProgress(Conflict):
    """The first request with this key has not been answered yet."""

    code = ErrorCode.IDEMPOTENCY_IN_PROGRESS
    message = "The first request with this Idempotency-Key is still running"
    headers: Mapping[str, str] = {"Retry-After": "1"}


class KeyReused(DomainError):
    """The key belongs to another request."""

    status = 422
    code = ErrorCode.IDEMPOTENCY_KEY_REUSED
    message = "This Idempotency-Key was used for another request"
