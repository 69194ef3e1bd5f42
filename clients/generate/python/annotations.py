"""From schemas to Python types, as they stand in signatures."""

from clients.generate.python.document import JSON, Document

PLAIN = {"boolean": "bool", "integer": "int", "number": "float", "null": "None"}
FORMATS = {"uuid": "UUID | str", "date-time": "datetime | str"}


def argument(document: Document, schema: JSON) -> str:
    """The type of something to call with."""
    if "$ref" in schema:
        return argument(document, document.resolved(schema))
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(map(repr, values))}]"
    for combination in ("allOf", "anyOf", "oneOf"):
        if combination in schema:
            parts = [argument(document, part) for part in schema[combination]]
            return " | ".join(dict.fromkeys(parts))
    return _of_type(document, schema)


def answer(schema: JSON | None) -> str:
    """The type of what comes back: a model, a choice of them, or nothing."""
    if schema is None:
        return "None"
    if "$ref" in schema:
        return f"models.{schema['$ref'].rsplit('/', 1)[-1]}"
    return " | ".join(answer(part) for part in schema["anyOf"])


def _of_type(document: Document, schema: JSON) -> str:
    kind = schema.get("type")
    if kind == "string":
        return FORMATS.get(schema.get("format", ""), "str")
    if kind == "array":
        return f"Sequence[{argument(document, schema.get('items', {}))}]"
    if kind == "object":
        return "Mapping[str, Any]"
    return PLAIN.get(str(kind), "Any")
