"""The answers of operations: what succeeds, and the refusals, which many operations share."""

from backend.api.openapi import examples, headers, refusals
from backend.api.openapi.refusals import Kinds
from backend.core.errors import ErrorCode
from backend.core.openapi import DEPRECATION, ETAG, JSON, RATE_LIMIT

_SUCCESSES = {
    200: "Done",
    201: "Created",
    202: "Accepted, whatever will come of it",
    204: "Done, nothing to say",
    304: "Unchanged: the one you have is the present one",
    503: "Unhealthy",
}
_REFUSALS = {
    400: ("BadRequest", "The request is wrong"),
    401: ("Unauthorized", "The caller is not who they have to be"),
    403: ("Forbidden", "The caller is known and may not do this"),
    404: ("NotFound", "There is no such thing, or none that the caller may know of"),
    409: ("Conflict", "Something else was there first"),
    411: ("LengthRequired", "The body came without a length"),
    412: ("PreconditionFailed", "It has changed since it was read"),
    413: ("ContentTooLarge", "The body is too large"),
    415: ("UnsupportedMediaType", "The body is not JSON in UTF-8"),
    422: ("UnprocessableContent", "The key belongs to another request"),
    429: ("TooManyRequests", "Too many requests"),
    500: ("InternalServerError", "The service is to blame"),
    503: ("ServiceUnavailable", "The service is unavailable for the moment"),
}


def complete(method: str, operation: JSON, components: JSON) -> None:
    """Say what an operation can answer."""
    found: dict[int, JSON] = {int(key): body for key, body in operation["responses"].items()}
    if operation.get(ETAG) and method == "get":
        found[304] = {}
    for status, response in found.items():
        response["description"] = _SUCCESSES[status]
        response["headers"] = headers.references(operation, status, {})
        for content in response.get("content", {}).values():
            examples.illustrate(content, components)
    for status, kinds in refusals.of(operation).items():
        if status not in found:  # the health documents speak for themselves
            found[status] = _refusal(operation, status, kinds, components)
    operation["responses"] = {str(status): found[status] for status in sorted(found)}


def _refusal(operation: JSON, status: int, kinds: Kinds, components: JSON) -> JSON:
    codes = [code.value for code in ErrorCode if code in kinds]
    response = {
        "description": _REFUSALS[status][1],
        "headers": headers.references(operation, status, kinds),
        "content": {
            "application/json": {
                "schema": _schema(status, codes),
                "examples": {
                    code: examples.of_error(kinds[code], operation, components) for code in codes
                },
            }
        },
    }
    if not _is_shared(operation, kinds):
        return response
    return _share(_name(status, response), response, components)


def _schema(status: int, codes: list[str]) -> JSON:
    return {
        "allOf": [
            {"$ref": "#/components/schemas/Error"},
            {
                "type": "object",
                "properties": {
                    "status_code": {"type": "integer", "const": status},
                    "code": {"type": "string", "enum": codes},
                },
            },
        ]
    }


def _is_shared(operation: JSON, kinds: Kinds) -> bool:
    """Whether nothing of a refusal is this operation's own."""
    is_special = not operation[RATE_LIMIT] or operation.get(DEPRECATION)
    return frozenset(kinds.values()) in refusals.SHARED and not is_special


def _share(name: str, response: JSON, components: JSON) -> JSON:
    shared = components["responses"].setdefault(name, response)
    if shared != response:
        raise ValueError(f"Two refusals are called {name}: tell them apart in their names")
    return {"$ref": f"#/components/responses/{name}"}


def _name(status: int, response: JSON) -> str:
    name, _ = _REFUSALS[status]
    return f"{name}Replayable" if "Idempotent-Replayed" in response["headers"] else name
