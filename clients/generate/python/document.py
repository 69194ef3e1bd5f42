"""The OpenAPI document, read for what a client has to know about each operation."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

type JSON = dict[str, Any]

UNSAFE = {"post", "put", "patch", "delete"}
SAFE = "safe"
MULTIPLE_CHOICES, BAD_REQUEST = 300, 400
# What the client has in its own hands: it keeps the tokens.
REFRESH = "refresh"
ENDS_SESSION = {"auth.logout", "auth.logout_all", "users.me.delete"}


@dataclass(frozen=True)
class Parameter:
    """Something that an operation is called with."""

    name: str
    where: str
    schema: JSON
    is_required: bool
    description: str


class Document:
    """A document whose references are followed."""

    def __init__(self, content: JSON) -> None:
        self.content = content
        self.schemas: dict[str, JSON] = content["components"]["schemas"]

    @cached_property
    def operations(self) -> list["Operation"]:
        """All operations, in the document's order."""
        return [
            Operation(self, method, path, raw)
            for path, methods in self.content["paths"].items()
            for method, raw in methods.items()
        ]

    @cached_property
    def codes(self) -> list[str]:
        """The closed list of error codes."""
        return cast("list[str]", self.resolved(self.schemas["Error"]["properties"]["code"])["enum"])

    def resolved(self, node: JSON) -> JSON:
        """The node itself, or where its reference leads."""
        while "$ref" in node:
            target: JSON = self.content
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def statuses_of(self, code: str) -> set[int]:
        """The statuses that a code comes with."""
        return {
            status
            for operation in self.operations
            for status, codes in operation.refusals.items()
            if code in codes
        }


@dataclass(frozen=True)
class Operation:
    """An operation."""

    document: Document
    method: str
    path: str
    raw: JSON

    @property
    def id(self) -> str:
        """Its name; the dots are groups."""
        return cast("str", self.raw["operationId"])

    @property
    def description(self) -> str:
        """What it does, in a sentence or a few."""
        summary, more = self.raw["summary"], self.raw.get("description", "")
        return more if more.startswith(summary) else f"{summary}. {more}".strip()

    @property
    def is_private(self) -> bool:
        """Whether it wants a token whatever else is sent."""
        said_by = self.raw if "security" in self.raw else self.document.content
        security: list[JSON] = said_by.get("security", [])
        return bool(security) and {} not in security

    @cached_property
    def parameters(self) -> list[Parameter]:
        """Path, query and body, those that must be given first."""
        found = [*self._in_path_and_query(), *self._in_body()]
        return sorted(found, key=lambda parameter: not parameter.is_required)

    @property
    def sends_refresh(self) -> bool:
        """Whether the refresh token is part of the body."""
        fields: JSON = self._body().get("properties", {})
        return REFRESH in fields

    @property
    def ends_session(self) -> bool:
        """Whether the caller's tokens are of no use afterwards."""
        return self.id in ENDS_SESSION

    @property
    def idempotency(self) -> str:
        """What it does with an ``Idempotency-Key``; ``safe`` if it needs none."""
        if self.method not in UNSAFE:
            return SAFE
        fallback = "stored"
        if self.answer == {"$ref": "#/components/schemas/TokenPair"}:
            fallback = "recovered" if self.sends_refresh else "ignored"
        return cast("str", self.raw.get("x-idempotency", fallback))

    @property
    def is_versioned(self) -> bool:
        """Whether what it reads or writes has an ETag."""
        return bool(self.raw.get("x-etag"))

    @cached_property
    def answer(self) -> JSON | None:
        """The schema of a success; None if it has no body."""
        return next(schema for status, schema in self._answers() if status < MULTIPLE_CHOICES)

    @property
    def statuses(self) -> tuple[int, ...]:
        """Further statuses that answer what a success does."""
        return tuple(
            status
            for status, schema in self._answers()
            if status >= MULTIPLE_CHOICES and schema == self.answer
        )

    @property
    def row(self) -> JSON | None:
        """The schema of a row, if it answers a page of them."""
        page = self.document.resolved(self.answer or {})
        fields: JSON = page.get("properties", {})
        row: JSON | None = fields["results"]["items"] if {"results", "next"} <= {*fields} else None
        return row

    @cached_property
    def refusals(self) -> dict[int, list[str]]:
        """The error codes by status."""
        return {
            status: [*self._codes(schema)]
            for status, schema in self._answers()
            if status >= BAD_REQUEST and schema
        }

    def _in_path_and_query(self) -> Iterator[Parameter]:
        for raw in map(self.document.resolved, self.raw.get("parameters", [])):
            if raw["in"] in {"path", "query"}:
                yield Parameter(
                    raw["name"],
                    raw["in"],
                    raw["schema"],
                    raw.get("required", False),
                    raw.get("description") or raw["schema"].get("description", ""),
                )

    def _in_body(self) -> Iterator[Parameter]:
        body = self._body()
        for name, schema in body.get("properties", {}).items():
            if name != REFRESH:
                required = name in body.get("required", [])
                description = schema.get("description", "")
                yield Parameter(name, "body", schema, required, description)

    def _body(self) -> JSON:
        request = self.document.resolved(self.raw.get("requestBody", {}))
        return self.document.resolved(_schema(request) or {})

    def _answers(self) -> Iterator[tuple[int, JSON | None]]:
        for status, response in self.raw["responses"].items():
            if status.isdecimal():
                yield int(status), _schema(self.document.resolved(response))

    def _codes(self, schema: JSON) -> Iterator[str]:
        if schema == {"$ref": "#/components/schemas/Error"}:
            return
        schema = self.document.resolved(schema)
        for part in schema.get("allOf", []):
            yield from self._codes(part)
        code = schema.get("properties", {}).get("code", {})
        yield from code.get("enum", [code["const"]] if "const" in code else [])


def _schema(message: JSON) -> JSON | None:
    """The schema of a request's or an answer's JSON."""
    schema: JSON | None = message.get("content", {}).get("application/json", {}).get("schema")
    return schema
