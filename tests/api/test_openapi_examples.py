import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from tests.api.document import DOCUMENT, JSON, codes, contents, every_operation, operations

EXAMPLES = DOCUMENT["components"]["examples"]


def validate(value: object, schema: JSON) -> None:
    """Fail unless a value is what a schema says, formats included."""
    bundled = {**schema, "components": {"schemas": DOCUMENT["components"]["schemas"]}}
    jsonschema_rs.validator_for(bundled, validate_formats=True).validate(value)


def values(content: JSON) -> dict[str, Any]:
    """The examples of a body, by name."""
    found = {}
    for name, node in content["examples"].items():
        assert node["$ref"].startswith("#/components/examples/")
        found[name] = EXAMPLES[node["$ref"].rpartition("/")[2]]["value"]
    return found


def ids(value: object) -> Iterator[tuple[str, str]]:
    """Every id in an example, with its field."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.endswith("id") and isinstance(inner, str):
                yield name, inner
            yield from ids(inner)


class TestExamples:
    @every_operation
    def test_are_there_for_every_body_and_fit_its_schema(self, operation: JSON) -> None:
        for content in contents(operation):
            examples = values(content)
            assert examples
            for value in examples.values():
                validate(value, content["schema"])

    @every_operation
    def test_show_each_code_of_a_refusal(self, operation: JSON) -> None:
        for status, response in operation["responses"].items():
            if listed := codes(operation, int(status)):
                shown = values(response["content"]["application/json"])
                assert {name: value["code"] for name, value in shown.items()} == {
                    code: code for code in listed
                }

    @every_operation
    def test_blame_a_field_that_the_operation_has(self, operation: JSON) -> None:
        response = operation["responses"]["400"]["content"]["application/json"]
        refusal = values(response).get("validation_error", {"errors": {}})
        schemas = [
            c["schema"] for c in operation.get("requestBody", {}).get("content", {}).values()
        ]
        fields = {parameter["name"] for parameter in operation["parameters"]}
        for schema in schemas:
            name = schema["$ref"].rpartition("/")[2]
            fields |= {*DOCUMENT["components"]["schemas"][name]["properties"]}
        assert refusal["errors"].keys() <= fields

    @every_operation
    def test_fit_the_parameters(self, operation: JSON) -> None:
        for parameter in operation["parameters"]:
            if "example" in parameter:
                validate(parameter["example"], parameter["schema"])
            if parameter["in"] == "path":
                assert "example" in parameter

    @pytest.mark.parametrize("name", EXAMPLES)
    def test_say_in_a_line_what_they_show(self, name: str) -> None:
        assert re.fullmatch(r"[A-Z][^\n`]{5,90}[^.\s]", EXAMPLES[name]["summary"].replace("`", ""))

    @pytest.mark.parametrize("name", EXAMPLES)
    def test_are_about_the_same_person_and_things(self, name: str) -> None:
        text = json.dumps(EXAMPLES[name]["value"])
        assert set(re.findall(r"[\w.]+@[\w.]+", text)) <= {
            "ada@example.com",
            "ada.lovelace@example.com",
        }
        for _, value in ids(EXAMPLES[name]["value"]):
            assert value[14] == "7"

    def test_name_themselves_like_their_schema(self) -> None:
        for operation in operations():
            for content in contents(operation):
                schema = content["schema"]
                named = [n["$ref"] for n in (schema, *schema.get("anyOf", ())) if "$ref" in n]
                if named:
                    assert [*values(content)] == [name.rpartition("/")[2] for name in named]
