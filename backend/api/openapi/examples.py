"""An example of every body and of every refusal, each written down once."""

from typing import Any

from backend.core import examples as data
from backend.core.errors import DomainError, ValidationFailed
from backend.core.openapi import JSON


def illustrate(content: JSON, components: JSON) -> None:
    """Give a body examples: one of each schema that it may have."""
    schema = content["schema"]
    references = [node["$ref"] for node in (schema, *schema.get("anyOf", ())) if "$ref" in node]
    names = [reference.rpartition("/")[2] for reference in references]
    for name in names:
        value = _value({"$ref": f"#/components/schemas/{name}"}, components)
        summary = _sentence(components["schemas"][name].get("description", name))
        components["examples"][name] = {"summary": summary, "value": value}
    content["examples"] = {name: _reference(name) for name in names}


def of_error(kind: type[DomainError], operation: JSON, components: JSON) -> JSON:
    """A reference to the example of an error, as this operation would answer it."""
    name, errors = kind.__name__, dict(kind.errors)
    if kind is ValidationFailed:
        field, message = _fault(operation, components)
        name, errors = name + _camel(field), {field: [message]}
    value = {
        "error": True,
        "status_code": kind.status,
        "code": kind.code.value,
        "message": kind.message,
        "request_id": data.REQUEST_ID,
        "timestamp": data.NOW,
        "errors": errors,
    }
    summary = _sentence(kind.__doc__ or kind.message)
    components["examples"][name] = {"summary": summary, "value": value}
    return _reference(name)


def drop_from_schemas(components: JSON) -> None:
    """Leave schemas to describe: the examples stand where bodies refer to them."""
    for schema in components["schemas"].values():
        schema.pop("examples", None)


def _reference(name: str) -> JSON:
    return {"$ref": f"#/components/examples/{name}"}


def _value(schema: JSON, components: JSON) -> Any:
    """What a schema says of itself, or else what its parts say."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return _value(components["schemas"][schema["$ref"].rpartition("/")[2]], components)
    if schema.get("type") == "array":
        return [_value(schema["items"], components)]
    if "anyOf" in schema:
        return None  # the addresses of a page's neighbours: it is the only one
    return {name: _value(part, components) for name, part in schema["properties"].items()}


def _fault(operation: JSON, components: JSON) -> tuple[str, str]:
    """A field of the request that can be wrong, and what is said of it then."""
    if body := operation.get("requestBody"):
        name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        schema = components["schemas"][name]
        field, rules = next(iter(schema["properties"].items()))
        if field in schema.get("required", ()):
            return field, "Field required"
        return field, _complaint(rules)
    queries = [given for given in operation["parameters"] if given["in"] == "query"]
    return queries[0]["name"], _complaint(queries[0]["schema"])


def _complaint(rules: JSON) -> str:
    if "maximum" in rules:
        return f"Input should be less than or equal to {rules['maximum']}"
    if "maxLength" in rules:
        return f"String should have at most {rules['maxLength']} characters"
    return f"Input should be a valid {rules.get('type', 'value')}"


def _sentence(text: str) -> str:
    """The first one, without its stop."""
    return " ".join(text.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def _camel(field: str) -> str:
    return "".join(word.capitalize() for word in field.replace("-", "_").split("_"))
