"""What the OpenAPI document promises, held against answers: status, code, headers and body."""

import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import jsonschema_rs
from django.conf import settings

from backend.api.v1 import api

type JSON = dict[str, Any]

CONTENT_TYPE = "application/json; charset=utf-8"
_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# What clients read beside the body; the other headers are for browsers and proxies.
_EXPOSED = frozenset(
    name.lower() for name in (*settings.CORS_EXPOSE_HEADERS, "WWW-Authenticate", "Allow")
)


class Undeclared(AssertionError):
    """An answer that the document does not promise."""


class Contract:
    """A document, as something that answers can break."""

    def __init__(self, document: JSON) -> None:
        self.document = document
        self._schemas = json.dumps(document["components"]["schemas"])

    def check(
        self, method: str, path: str, *, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Hold an answer against what the document declares of its operation.

        Raises:
            Undeclared: it is not what clients are promised.
        """
        folded = {name.lower(): value for name, value in headers.items()}
        operation = self.find(method, path)
        if operation is None:
            if path.startswith("/api/") and status >= HTTPStatus.BAD_REQUEST:
                self._check_refusal(method, folded, body, f"{method} {path} answered {status}")
            return
        where = f"{operation['operationId']} answered {status}"
        _require(str(status) in operation["responses"], f"{where}, which it does not declare")
        response = self.resolve(operation["responses"][str(status)])
        self._check_headers(response["headers"], folded, where)
        if method != "HEAD":
            self._check_content(response.get("content"), folded, body, where)

    def find(self, method: str, path: str) -> JSON | None:
        """The operation of a method and a path; ``HEAD`` is a ``GET``."""
        verb = "get" if method == "HEAD" else method.lower()
        for template, operations in self.document["paths"].items():
            if _pattern(template).fullmatch(path):
                found: JSON | None = operations.get(verb)
                return found
        return None

    def resolve(self, node: JSON) -> JSON:
        """What a node is, or refers to."""
        place: Any = node
        while "$ref" in place:
            steps, place = place["$ref"].removeprefix("#/").split("/"), self.document
            for step in steps:
                place = place[step]
        found: JSON = place
        return found

    def _check_refusal(
        self, method: str, headers: Mapping[str, str], body: bytes, where: str
    ) -> None:
        """Whoever refuses what is no operation does so in the one envelope."""
        if method != "HEAD":
            error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
            self._check_content(error, headers, body, where)

    def _check_headers(self, declared: JSON, headers: Mapping[str, str], where: str) -> None:
        for name, node in declared.items():
            header, value = self.resolve(node), headers.get(name.lower())
            if value is None:
                _require(not header.get("required"), f"{where} without {name}")
            else:
                self._validate(value, header["schema"], f"{where}, {name}")
        undeclared = _EXPOSED & {*headers} - {name.lower() for name in declared}
        _require(not undeclared, f"{where} with {sorted(undeclared)}, which it does not declare")

    def _check_content(
        self, content: JSON | None, headers: Mapping[str, str], body: bytes, where: str
    ) -> None:
        if content is None:
            _require(not body, f"{where} with a body, and declares none")
            return
        media_type = headers.get("content-type")
        _require(media_type == CONTENT_TYPE, f"{where} with {media_type or 'no type'}")
        self._validate(json.loads(body), content["application/json"]["schema"], where)

    def _validate(self, value: object, schema: JSON, where: str) -> None:
        try:
            _validator(json.dumps(schema), self._schemas).validate(value)
        except jsonschema_rs.ValidationError as error:
            raise Undeclared(f"{where}: {error}") from None


@cache
def published() -> Contract:
    """What the service publishes."""
    return Contract(json.loads(json.dumps(api.get_openapi_schema())))


def document() -> JSON:
    """The OpenAPI document, as the service publishes it."""
    return published().document


def check(method: str, path: str, *, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Hold an answer of the service against its document.

    Raises:
        Undeclared: it is not what clients are promised.
    """
    published().check(method, path, status=status, headers=headers, body=body)


def find(method: str, path: str) -> JSON | None:
    """The operation of a method and a path; ``HEAD`` is a ``GET``."""
    return published().find(method, path)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", _ID, re.escape(template)))


@cache
def _validator(schema: str, schemas: str) -> Any:
    bundled = {**json.loads(schema), "components": {"schemas": json.loads(schemas)}}
    return jsonschema_rs.validator_for(bundled, validate_formats=True)


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Undeclared(otherwise)
