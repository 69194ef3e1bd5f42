"""What the OpenAPI document promises, held against answers: status, code, headers and body."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from backend.api.v1 import api

type JSON = dict[str, Any]


@cache
def document() -> JSON:
    """The OpenAPI document, as the service publishes it."""
    loaded: JSON = json.loads(json.dumps(api.get_openapi_schema()))
    return loaded


def check(method: str, path: str, *, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Fail unless the document declares this answer of this operation."""
    operation = find(method, path)
    if operation is None:
        if path.startswith("/api/") and status >= 400 and method != "HEAD":
            _check_body(body, {"$ref": "#/components/schemas/Error"})
        return
    where = f"{operation['operationId']} answered {status}"
    assert str(status) in operation["responses"], f"{where}, which it does not declare"
    response = operation["responses"][str(status)]
    folded = {name.lower(): value for name, value in headers.items()}
    for name, reference in response["headers"].items():
        _check_header(name, reference, folded, where)
    content = response.get("content")
    if method == "HEAD":
        return
    if content is None:
        assert body == b"", f"{where} with a body, and declares none"
        return
    assert folded["content-type"].startswith("application/json"), where
    _check_body(body, content["application/json"]["schema"])


def find(method: str, path: str) -> JSON | None:
    """The operation of a method and a path; ``HEAD`` is a ``GET``."""
    verb = "get" if method == "HEAD" else method.lower()
    for template, operations in document()["paths"].items():
        pattern = re.sub(
            r"\\\{\w+\\\}", "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.escape(template)
        )
        if re.fullmatch(pattern, path):
            found: JSON | None = operations.get(verb)
            return found
    return None


def _check_header(name: str, reference: JSON, headers: Mapping[str, str], where: str) -> None:
    declared = document()["components"]["headers"][reference["$ref"].rsplit("/", 1)[-1]]
    value = headers.get(name.lower())
    if value is None:
        assert not declared.get("required"), f"{where} without {name}"
        return
    _validate(value, json.dumps(declared["schema"]))


def _check_body(body: bytes, schema: JSON) -> None:
    _validate(json.loads(body), json.dumps(schema))


def _validate(value: object, schema: str) -> None:
    _validator(schema).validate(value)


@cache
def _validator(schema: str) -> Any:
    bundled = {**json.loads(schema), "components": document()["components"]}
    return jsonschema_rs.validator_for(bundled, validate_formats=True)
