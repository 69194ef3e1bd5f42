"""The OpenAPI document, the way its tests look at it."""

from collections.abc import Iterator
from typing import Any

import pytest

from backend.testing import contract

type JSON = dict[str, Any]

DOCUMENT = contract.document()


def operations(document: JSON = DOCUMENT) -> list[JSON]:
    """Every operation, with its method and path, and without references to its parts."""
    resolve = contract.Contract(document).resolve
    return [
        {
            "method": method,
            "path": path,
            **operation,
            "parameters": [resolve(node) for node in operation["parameters"]],
            "responses": {key: resolve(node) for key, node in operation["responses"].items()},
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def nodes(node: object = DOCUMENT) -> Iterator[JSON]:
    """Every object of the document."""
    if isinstance(node, dict):
        yield node
    for inner in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from nodes(inner)


def contents(operation: JSON) -> Iterator[JSON]:
    """Every JSON body of an operation, sent or answered."""
    for place in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from place.get("content", {}).values()


def codes(operation: JSON, status: int) -> set[str]:
    """The codes an operation declares for a status."""
    content = operation["responses"].get(str(status), {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return set(schema["allOf"][1]["properties"]["code"]["enum"]) if "allOf" in schema else set()


def names(operation: JSON) -> set[str]:
    """The names of an operation's parameters."""
    return {parameter["name"] for parameter in operation["parameters"]}


every_operation = pytest.mark.parametrize(
    "operation", operations(), ids=lambda operation: operation["operationId"]
)
