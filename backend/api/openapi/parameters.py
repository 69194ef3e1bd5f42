"""The parameters of operations: those that every form of operation has, all of them described."""

from backend.core import examples
from backend.core.context import GIVEN_NAME
from backend.core.openapi import ETAG, IDEMPOTENCY, JSON

# Without examples: pages that try operations out would send them.
PARAMETERS: JSON = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Names the request: repeated with the same key it gets the same answer.",
        "schema": {"type": "string", "pattern": f"^{GIVEN_NAME}$"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` you have; while it is the present one, the answer is 304.",
        "schema": {"type": "string"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` you have read; unless it is the present one, the answer is 412.",
        "schema": {"type": "string"},
    },
}
_EXAMPLES = {"session_id": examples.SESSION_ID, "user_id": examples.USER_ID}


def complete(method: str, operation: JSON) -> None:
    """Add what an operation's declarations imply, and say what the others are."""
    for parameter in operation["parameters"]:
        _describe(parameter)
    if operation.get(IDEMPOTENCY) in {"stored", "recovered"}:
        operation["parameters"].append(PARAMETERS["IdempotencyKey"])
    if operation.get(ETAG):
        name = "IfNoneMatch" if method == "get" else "IfMatch"
        operation["parameters"].append(PARAMETERS[name])


def share(operation: JSON) -> None:
    """Refer to the parameters that many operations have."""
    references = {
        parameter["name"]: {"$ref": f"#/components/parameters/{name}"}
        for name, parameter in PARAMETERS.items()
    }
    operation["parameters"] = [
        references[parameter["name"]] if parameter in PARAMETERS.values() else parameter
        for parameter in operation["parameters"]
    ]


def _describe(parameter: JSON) -> None:
    name, schema = parameter["name"], parameter["schema"]
    if "allOf" in schema:  # an enumeration with a default
        (enumeration,) = schema.pop("allOf")
        schema |= {key: enumeration[key] for key in ("type", "enum")}
        parameter["description"] = enumeration["description"]
    if name.endswith("_id"):
        parameter.setdefault("description", f"The id of a {name.removesuffix('_id')}.")
    if name in _EXAMPLES:
        parameter["example"] = _EXAMPLES[name]
    if "examples" in schema:
        del parameter["examples"]  # a list, where OpenAPI wants names
        (parameter["example"],) = schema.pop("examples")
    schema.pop("description", None)  # the parameter has it
