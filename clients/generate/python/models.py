"""``models.py`` of the client: what the service answers, by datamodel-code-generator."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clients.generate.python.document import JSON, Document

HEADER = '"""What the service answers."""'
OPTIONS = (
    "--input-file-type=openapi",
    "--output-model-type=pydantic_v2.BaseModel",
    "--target-python-version=3.10",
    "--base-class=base_model.Model",
    "--enum-field-as-literal=all",
    "--use-type-alias",
    "--use-schema-description",
    "--use-field-description",
    "--use-inline-field-description",
    "--use-single-line-docstring",
    "--no-formatters",
    f"--custom-file-header={HEADER}",
)
# What a type follows from; limits, defaults and examples are for those who ask.
KEPT = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "description", "enum", "format",
    "items", "oneOf", "properties", "required", "type",
}  # fmt: skip
FORMATS = {"date-time", "uuid"}


def render(document: Document) -> str:
    """The module."""
    names = [*dict.fromkeys(_answered(document))]
    versioned = {name for operation in document.operations if operation.is_versioned
                 for name in _names(operation.answer)}  # fmt: skip
    reduced = {
        "openapi": document.content["openapi"],
        "info": document.content["info"],
        "paths": {},
        "components": {"schemas": {name: _schema(name, document.schemas[name]) for name in names}},
    }
    bases = json.dumps(dict.fromkeys(sorted(versioned), "base_model.Versioned"))
    return _relative(_generated(reduced, f"--base-class-map={bases}"))


def _answered(document: Document) -> Iterator[str]:
    """The schemas of the answers, and those that they are made of."""
    waiting = [name for operation in document.operations for name in _names(operation.answer)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            waiting += _names(document.schemas[name])
            yield name


def _names(node: Any) -> list[str]:
    """The schemas that something refers to."""
    return re.findall(r"#/components/schemas/(\w+)", json.dumps(node))


def _schema(name: str, schema: JSON) -> JSON:
    fallback = "A page of a list." if "results" in schema.get("properties", {}) else f"{name}."
    return {"description": fallback, **_open(schema)}


def _open(node: Any) -> Any:
    """The same schema, for a client that outlives the service's version.

    A choice of words may get longer, so any other word is taken too; and how long a text may be is
    for the service to know.
    """
    if isinstance(node, list):
        return [_open(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _value(key, value) for key, value in node.items() if _is_kept(key, value)}
    if isinstance(kept.get("enum"), list) and kept.get("type") == "string":
        words = {"type": kept.pop("type"), "enum": kept.pop("enum")}
        return {**kept, "anyOf": [words, {"type": "string"}]}
    return kept


def _value(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: _open(schema) for name, schema in value.items()}
    return value if key == "enum" else _open(value)


def _is_kept(key: str, value: Any) -> bool:
    return key in KEPT and (key != "format" or value in FORMATS)


def _generated(content: JSON, *options: str) -> str:
    with tempfile.TemporaryDirectory(prefix="client-models-") as folder:
        source, target = Path(folder, "openapi.json"), Path(folder, "models.py")
        source.write_text(json.dumps(content))
        program = Path(sys.executable).with_name("datamodel-codegen")
        # From that folder, so that nobody's pyproject.toml has a say.
        subprocess.run(  # noqa: S603  (our own arguments)
            [program, "--input", source, "--output", target, *OPTIONS, *options],
            cwd=folder,
            check=True,
        )
        return target.read_text()


def _relative(module: str) -> str:
    """Imports from the package itself, whatever it is called; one base class in one place."""
    return module.replace("from base_model import", "from .base_model import")
