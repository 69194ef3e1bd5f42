"""Which errors an operation can answer: those its form implies, and those it declares."""

from backend.authentication.errors import SessionRevoked, TokenExpired, TokenInvalid
from backend.core.errors import (
    BadRequest,
    DomainError,
    InvalidJSON,
    LengthRequired,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    PreconditionFailed,
    ServerError,
    ServiceUnavailable,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from backend.core.limits.throttling import Throttled
from backend.core.openapi import ERRORS, IDEMPOTENCY, JSON, PERMISSION, RATE_LIMIT
from backend.idempotency.errors import InProgress, KeyInvalid, KeyReused

type Kinds = dict[str, type[DomainError]]  # by code, of one status

_ALWAYS = [BadRequest, LengthRequired, PayloadTooLarge, ServerError, ServiceUnavailable]
_PRIVATE: list[type[DomainError]] = [Unauthenticated, TokenInvalid, TokenExpired, SessionRevoked]
_BODY = [ValidationFailed, InvalidJSON, UnsupportedMediaType]
_STORED = [KeyInvalid, InProgress, KeyReused]

# What many operations answer word for word, by status.
SHARED = frozenset(
    {
        frozenset(_PRIVATE),
        *(
            frozenset([kind])
            for kind in (
                *(*_ALWAYS, Throttled, PermissionDenied, NotFound, PreconditionFailed),
                *(UnsupportedMediaType, InProgress, KeyReused),
            )
        ),
    }
)


def of(operation: JSON) -> dict[int, Kinds]:
    """The errors of an operation by status and code, in the order of the statuses."""
    found: dict[int, Kinds] = {}
    for kind in [*_implied(operation), *operation.get(ERRORS, ())]:
        found.setdefault(kind.status, {})[kind.code.value] = kind
    return dict(sorted(found.items()))


def _implied(operation: JSON) -> list[type[DomainError]]:
    places = {(parameter["in"], parameter["name"]) for parameter in operation["parameters"]}
    kinds = {place for place, _ in places}
    forms: list[tuple[object, list[type[DomainError]]]] = [
        (True, _ALWAYS),
        (operation[RATE_LIMIT], [Throttled]),
        (operation["security"], _PRIVATE),
        (
            operation.get(PERMISSION, {}).get("otherwise") == PermissionDenied.status,
            [PermissionDenied],
        ),
        ("path" in kinds, [NotFound]),
        (("header", "If-Match") in places, [PreconditionFailed]),
        (("header", "Idempotency-Key") in places, [KeyInvalid]),
        (operation.get(IDEMPOTENCY) == "stored", _STORED),
        ("query" in kinds, [ValidationFailed]),
        ("requestBody" in operation, _BODY),
    ]
    return [kind for applies, implied in forms if applies for kind in implied]
