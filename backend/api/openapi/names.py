"""Names that read well in generated code, instead of those that a generator made up."""

from typing import Any

import orjson

from backend.core.openapi import JSON

_SCHEMAS = "#/components/schemas"


def tidy(document: JSON) -> None:
    """Drop the titles that repeat a field's name, and the generator's ``Out`` and brackets."""
    schemas: dict[str, JSON] = document["components"]["schemas"]
    aliases = _aliases(schemas)
    for alias in aliases.values():
        del schemas[alias]  # what it is called stays, and is said of what it calls so
    names = {name: _tidy(aliases.get(name, name)) for name in schemas}
    names |= {alias: _tidy(alias) for alias in aliases.values()}
    document["components"]["schemas"] = {names[name]: schema for name, schema in schemas.items()}
    for name, schema in schemas.items():
        schema["title"] = names[name]
    _walk(document, names)


def drop_unused(document: JSON) -> None:
    """Ninja spreads the model of query parameters, and leaves it behind."""
    text = orjson.dumps(document).decode()
    for kind, components in document["components"].items():
        if kind != "securitySchemes":
            for name in [n for n in components if f'"#/components/{kind}/{n}"' not in text]:
                del components[name]


def _aliases(schemas: dict[str, JSON]) -> dict[str, str]:
    """Better names, by the schema they are for: ``type SecurityEventType = Event``."""
    references = {name: schema["$ref"] for name, schema in schemas.items() if "$ref" in schema}
    return {reference.rpartition("/")[2]: name for name, reference in references.items()}


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


def _rename_reference(node: JSON, names: dict[str, str]) -> None:
    place, _, name = str(node.get("$ref", "")).rpartition("/")
    if place == _SCHEMAS:
        node["$ref"] = f"{place}/{names.get(name, name)}"
