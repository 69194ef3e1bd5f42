"""The headers of answers, and which of them an answer has."""

from backend.api.openapi.refusals import Kinds
from backend.core.context import GIVEN_NAME
from backend.core.errors import DomainError
from backend.core.limits.throttling import Throttled
from backend.core.openapi import DEPRECATION, ETAG, IDEMPOTENCY, JSON, RATE_LIMIT

HEADERS: JSON = {
    "X-Request-ID": {
        "description": "Names the request in the logs; your own value, or a new one.",
        "required": True,
        "schema": {"type": "string", "pattern": f"^{GIVEN_NAME}$"},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "required": True,
        "schema": {"type": "string", "const": "Bearer"},
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "RateLimit-Policy": {
        "description": "The tightest limit: its name, its quota, its window in seconds.",
        "schema": {"type": "string", "pattern": '^"[a-z_]+";q=[0-9]+;w=[0-9]+$'},
    },
    "RateLimit": {
        "description": "How many requests are left, and for how many seconds.",
        "schema": {"type": "string", "pattern": '^"[a-z_]+";r=[0-9]+;t=[0-9]+$'},
    },
    "ETag": {
        "description": "The version of what is answered, for `If-None-Match` and `If-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": r'^"[0-9]+(\.[a-z]+)?"$'},
    },
    "Idempotent-Replayed": {
        "description": "There, and `true`, when this answer had been given before.",
        "schema": {"type": "string", "const": "true"},
    },
    "Deprecation": {
        "description": "Since when the operation is deprecated (RFC 9745).",
        "required": True,
        "schema": {"type": "string", "pattern": "^@[0-9]+$"},
    },
    "Sunset": {
        "description": "From when on the operation may be gone (RFC 8594).",
        "required": True,
        "schema": {
            "type": "string",
            "pattern": "^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$",
        },
    },
    "Link": {
        "description": "The operation to use instead, as `successor-version`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^<[^>]+>; rel="successor-version"$'},
    },
}
_UNCOUNTED = {411, 413}  # refused before the request is counted
_REPLAYED = {400, 404, 409, 412}  # of the refusals, those that would come again
# Who knows the seconds only when it is raised.
_SET_LATER: dict[type[DomainError], tuple[str, ...]] = {Throttled: ("Retry-After",)}
_OF_REFUSALS = ("WWW-Authenticate", "Retry-After")


def references(operation: JSON, status: int, kinds: Kinds) -> JSON:
    """The headers of an answer; ``kinds`` are the refusals it may be, none if it is no refusal."""
    names = ["X-Request-ID"]
    if operation[RATE_LIMIT] and status not in _UNCOUNTED:
        names += ["RateLimit", "RateLimit-Policy"]
    if _may_be_replayed(operation, status, kinds):
        names.append("Idempotent-Replayed")
    if operation.get(ETAG) and status in {200, 304}:
        names.append("ETag")
    if deprecation := operation.get(DEPRECATION):
        names += ["Deprecation", "Sunset", *(["Link"] if deprecation["replacement"] else [])]
    found = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return found | _of_refusals(kinds)


def _may_be_replayed(operation: JSON, status: int, kinds: Kinds) -> bool:
    kind = operation.get(IDEMPOTENCY)
    if status < 300:  # noqa: PLR2004
        return kind in {"stored", "recovered"}
    stored = [code for code in kinds if code != "idempotency_in_progress"]
    return kind == "stored" and status in _REPLAYED and bool(stored)


def _of_refusals(kinds: Kinds) -> JSON:
    """What the errors bring along; not required where only some of a status do."""
    found: JSON = {}
    for name in _OF_REFUSALS:
        having = [
            kind for kind in kinds.values() if name in (kind.headers or _SET_LATER.get(kind, ()))
        ]
        if having and len(having) == len(kinds):
            found[name] = {"$ref": f"#/components/headers/{name}"}
        elif having:
            found[name] = {**HEADERS[name], "required": False}
    return found
