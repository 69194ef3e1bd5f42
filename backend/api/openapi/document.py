"""From Ninja's document to ours, operation by operation."""

from collections.abc import Iterator

from ninja.openapi.schema import OpenAPISchema

from backend.api.openapi import examples, links, names, parameters, responses
from backend.api.openapi.headers import HEADERS
from backend.api.openapi.parameters import PARAMETERS
from backend.core.openapi import DEPRECATION, ERRORS, IDEMPOTENCY, JSON, RATE_LIMIT, idempotency_of
from backend.core.schemas import ErrorOut

_BEARER = "The `access` token of a login or refresh; it lives for minutes."


def finish(document: OpenAPISchema) -> OpenAPISchema:
    """Complete Ninja's document in place."""
    names.tidy(document)
    components = document["components"]
    components |= {"headers": {**HEADERS}, "parameters": {**PARAMETERS}}
    components |= {"responses": {}, "examples": {}}
    components["schemas"] |= _error_schemas()
    for scheme in components.get("securitySchemes", {}).values():
        scheme["description"] = _BEARER
    for method, operation in _operations(document):
        _finish_operation(method, operation, components)
    examples.drop_from_schemas(components)
    names.drop_unused(document)
    for kind in ("examples", "headers", "parameters", "responses", "schemas"):
        components[kind] = dict(sorted(components[kind].items()))
    return document


def _operations(document: JSON) -> Iterator[tuple[str, JSON]]:
    for path in document["paths"].values():
        yield from path.items()


def _finish_operation(method: str, operation: JSON, components: JSON) -> None:
    _describe(operation)
    operation.setdefault("security", [])
    operation.setdefault(RATE_LIMIT, "default")
    if kind := idempotency_of([method.upper()], operation):
        operation[IDEMPOTENCY] = kind
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        _drop_default(content)
        examples.illustrate(content, components)
    parameters.complete(method, operation)
    responses.complete(method, operation, components)
    links.complete(operation)
    parameters.share(operation)
    operation.pop(ERRORS, None)
    if operation[RATE_LIMIT] is None:
        del operation[RATE_LIMIT]


def _describe(operation: JSON) -> None:
    operation["summary"], _, rest = operation["description"].partition(".")
    if not rest:
        del operation["description"]  # the summary has said it all
    if deprecation := operation.get(DEPRECATION):
        operation["deprecated"] = True
        operation["description"] = f"{operation.get('description', '')} {_farewell(deprecation)}"


def _farewell(deprecation: JSON) -> str:
    text = f"Deprecated since {deprecation['since']}, and gone from {deprecation['sunset']} on."
    replacement = deprecation["replacement"]
    return f"{text} Use `{replacement}` instead." if replacement else text


def _drop_default(body: JSON) -> None:
    """A body that may be left out is described by its shape, not by our stand-in for it."""
    if "default" in body["schema"]:
        body["schema"] = body["schema"]["allOf"][0]


def _error_schemas() -> JSON:
    schema = ErrorOut.model_json_schema(ref_template="#/components/schemas/{model}")
    found = {**schema.pop("$defs"), "Error": schema}
    for name, part in found.items():
        part["title"] = name
        part["description"] = part["description"].replace("``", "`")
        for field in part.get("properties", {}).values():
            field.pop("title", None)
    return found
