"""Finishes the OpenAPI document: what every operation can answer, refusals and headers included.

Ninja writes down what succeeds. Here each operation gets the refusals that its form implies (a
body can be too large, a private operation wants a token) and those it declares with ``raises``.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import orjson
from ninja.openapi.schema import OpenAPISchema

from backend.core.errors import ErrorCode, by_status
from backend.core.openapi import ERRORS, PERMISSION, RATE_LIMIT
from backend.core.schemas import ErrorOut

type JSON = dict[str, Any]

DESCRIPTION = """\
Accounts and access: registration, sessions, profiles.

Send and accept `application/json`. Private operations want `Authorization: Bearer <access>`. Every
refusal has the same body, [`Error`](#/components/schemas/Error); branch on its `code`. Every answer
carries `X-Request-ID`: quote it when you ask for help.
"""

EXTRA: JSON = {
    "tags": [
        {
            "name": "auth",
            "description": "Accounts' way in: registration, tokens, sessions, passwords.",
        },
        {"name": "users", "description": "Who the caller is; for staff, who everybody is."},
        {"name": "health", "description": "Probes for people, load balancers and orchestrators."},
    ],
}

_ALWAYS = {
    400: {ErrorCode.BAD_REQUEST},
    411: {ErrorCode.LENGTH_REQUIRED},
    413: {ErrorCode.PAYLOAD_TOO_LARGE},
    500: {ErrorCode.SERVER_ERROR},
    503: {ErrorCode.SERVICE_UNAVAILABLE},
}
_PRIVATE = {
    401: {
        ErrorCode.NOT_AUTHENTICATED,
        ErrorCode.TOKEN_INVALID,
        ErrorCode.TOKEN_EXPIRED,
        ErrorCode.SESSION_REVOKED,
    },
}
_PERMITTED = {403: {ErrorCode.PERMISSION_DENIED}}
_INPUT = {400: {ErrorCode.VALIDATION_ERROR}}
_BODY = {
    400: {ErrorCode.VALIDATION_ERROR, ErrorCode.INVALID_JSON},
    415: {ErrorCode.UNSUPPORTED_MEDIA_TYPE},
}
_LIMITED = {429: {ErrorCode.THROTTLED}}
_PATH = {404: {ErrorCode.NOT_FOUND}}

_DESCRIPTIONS = {
    200: "Done",
    201: "Created",
    202: "Accepted, whatever will come of it",
    204: "Done, nothing to say",
}

_HEADERS: JSON = {
    "X-Request-ID": {
        "description": "Names the request in the logs; your own value, or a new one.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
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
    "Idempotent-Replayed": {
        "description": "There, and `true`, when this answer had been given before.",
        "schema": {"type": "string", "const": "true"},
    },
}
_RATE_LIMIT_HEADERS = ["RateLimit", "RateLimit-Policy"]
_HEADERS_BY_STATUS = {
    401: ["WWW-Authenticate"],
    429: ["Retry-After"],
    503: ["Retry-After"],
}


def finish(document: OpenAPISchema) -> OpenAPISchema:
    """Complete Ninja's document in place."""
    components = document["components"]
    components["schemas"]["Error"] = _error_schema()
    components["headers"] = _HEADERS
    for operation in _operations(document):
        _finish_operation(operation)
    _tidy_names(document)
    return document


def _operations(document: JSON) -> Iterator[JSON]:
    for path in document["paths"].values():
        yield from path.values()


def _finish_operation(operation: JSON) -> None:
    operation["summary"], _, rest = operation["description"].partition(".")
    if not rest:
        del operation["description"]  # the summary has said it all
    operation.setdefault(RATE_LIMIT, "default")
    responses: dict[str, JSON] = {str(key): body for key, body in operation["responses"].items()}
    for status, codes in sorted(_refusals(operation).items()):
        if str(status) not in responses:  # the health documents speak for themselves
            responses[str(status)] = _refusal(status, codes)
    for key, response in responses.items():
        names = ["X-Request-ID", *_headers_of(operation, int(key), response)]
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        response["description"] = _DESCRIPTIONS.get(int(key)) or by_status(int(key)).message
    operation["responses"] = dict(sorted(responses.items()))
    if operation[RATE_LIMIT] is None:
        del operation[RATE_LIMIT]
    if "requestBody" in operation:
        _drop_default(operation["requestBody"]["content"]["application/json"])
    if operation["operationId"] == "auth.logout":
        operation["security"] = [{}, {"BearerAuth": []}]  # a refresh token does as well


def _drop_default(body: JSON) -> None:
    """A body that may be left out is described by its shape, not by our stand-in for it."""
    if "default" in body["schema"]:
        body["schema"] = body["schema"]["allOf"][0]


def _refusals(operation: JSON) -> dict[int, set[ErrorCode]]:
    """The codes an operation can answer, by status: implied by its form, or declared."""
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    forms = [
        (True, _ALWAYS),
        (operation[RATE_LIMIT], _LIMITED),
        ("security" in operation, _PRIVATE),
        (operation.get(PERMISSION, {}).get("otherwise") == 403, _PERMITTED),  # noqa: PLR2004
        ("requestBody" in operation, _BODY),
        (places & {"query", "header"}, _INPUT),
        ("path" in places, _PATH),
    ]
    implied = [codes for applies, codes in forms if applies]
    declared = [{status: {ErrorCode(code)}} for status, code in operation.pop(ERRORS, ())]
    found: dict[int, set[ErrorCode]] = defaultdict(set)
    for codes_by_status in [*implied, *declared]:
        for status, codes in codes_by_status.items():
            found[status] |= codes
    return found


def _refusal(status: int, codes: set[ErrorCode]) -> JSON:
    listed = [code.value for code in ErrorCode if code in codes]
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Error"},
            {
                "type": "object",
                "properties": {
                    "status_code": {"type": "integer", "const": status},
                    "code": {"type": "string", "enum": listed},
                },
            },
        ]
    }
    return {"content": {"application/json": {"schema": schema}}}


def _headers_of(operation: JSON, status: int, response: JSON) -> list[str]:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    names = [*_RATE_LIMIT_HEADERS] if operation[RATE_LIMIT] else []
    if "allOf" in schema:
        names += _HEADERS_BY_STATUS.get(status, [])
    elif operation["operationId"] == "auth.refresh":
        names.append("Idempotent-Replayed")
    return names


def _error_schema() -> JSON:
    schema = ErrorOut.model_json_schema()
    schema["title"] = "Error"
    schema["properties"]["code"]["enum"] = [code.value for code in ErrorCode]
    return schema


def _tidy_names(document: JSON) -> None:
    """Drop the titles that repeat a field's name, and the generator's ``Out`` and brackets."""
    schemas: dict[str, JSON] = document["components"]["schemas"]
    names = {name: _tidy(name) for name in schemas}
    document["components"]["schemas"] = {names[name]: schema for name, schema in schemas.items()}
    for name, schema in schemas.items():
        schema["title"] = names[name]
    _walk(document, names)
    _drop_unused(document)


def _tidy(name: str) -> str:
    parts = [part.removesuffix("Out") for part in name.strip("_").split("_")]
    return "".join(reversed(parts))  # Page_SessionOut_ is a SessionPage


def _walk(node: Any, names: dict[str, str]) -> None:
    if isinstance(node, list):
        for item in node:
            _walk(item, names)
    elif isinstance(node, dict):
        _rename_reference(node, names)
        for described in (*node.get("properties", {}).values(), node.get("schema")):
            if isinstance(described, dict):
                described.pop("title", None)
        for value in node.values():
            _walk(value, names)


def _drop_unused(document: JSON) -> None:
    """Ninja spreads the model of query parameters, and leaves it behind."""
    text = orjson.dumps(document).decode()
    schemas: dict[str, JSON] = document["components"]["schemas"]
    for name in [name for name in schemas if f'"#/components/schemas/{name}"' not in text]:
        del schemas[name]


def _rename_reference(node: JSON, names: dict[str, str]) -> None:
    place, _, name = str(node.get("$ref", "")).rpartition("/")
    if place == "#/components/schemas":
        node["$ref"] = f"{place}/{names.get(name, name)}"
