"""What a linter of OpenAPI documents would say, without one."""

import re
from itertools import combinations

import pytest

from tests.api.document import DOCUMENT, JSON, every_operation, nodes, operations


def is_ambiguous(one: str, other: str) -> bool:
    """Whether a path could be either, and neither is the more concrete one."""
    pairs = [*zip(one.split("/"), other.split("/"), strict=False)]
    if one.count("/") != other.count("/"):
        return False
    open_ended = [(a.startswith("{"), b.startswith("{")) for a, b in pairs]
    fits = all(a == b or x or y for (a, b), (x, y) in zip(pairs, open_ended, strict=True))
    one_is_wider = any(x and not y for x, y in open_ended)
    other_is_wider = any(y and not x for x, y in open_ended)
    return fits and one_is_wider == other_is_wider


class TestPaths:
    def test_are_never_ambiguous(self) -> None:
        for one, other in combinations(DOCUMENT["paths"], 2):
            assert not is_ambiguous(one, other), (one, other)

    @pytest.mark.parametrize(
        ("one", "other"), [("/{a}/me/", "/users/{b}/"), ("/users/{a}/", "/users/{b}/")]
    )
    def test_that_are_ambiguous_are_found(self, one: str, other: str) -> None:
        assert is_ambiguous(one, other)

    @every_operation
    def test_declare_their_parameters(self, operation: JSON) -> None:
        declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", operation["path"]))
        assert all(p["required"] for p in operation["parameters"] if p["in"] == "path")

    def test_carry_no_query_and_no_empty_part(self) -> None:
        assert not [path for path in DOCUMENT["paths"] if re.search(r"[?#]|//|\{\}", path)]


class TestOperation:
    @every_operation
    def test_says_what_a_caller_can_have_done_wrong(self, operation: JSON) -> None:
        assert any(status.startswith("4") for status in operation["responses"])
        assert any(status.startswith("2") for status in operation["responses"])

    @every_operation
    def test_says_who_may_call_it(self, operation: JSON) -> None:
        schemes = DOCUMENT["components"]["securitySchemes"]
        assert {name for way in operation["security"] for name in way} <= {*schemes}

    @every_operation
    def test_describes_its_answers_and_parameters(self, operation: JSON) -> None:
        for described in (*operation["parameters"], *operation["responses"].values()):
            assert re.match("[A-Z]", described["description"])

    @every_operation
    def test_names_each_parameter_once(self, operation: JSON) -> None:
        names = [(parameter["in"], parameter["name"]) for parameter in operation["parameters"]]
        assert len(names) == len(set(names))

    @every_operation
    def test_has_no_body_where_there_can_be_none(self, operation: JSON) -> None:
        assert operation["method"] not in {"get", "delete"} or "requestBody" not in operation
        for status in {"204", "304"} & operation["responses"].keys():
            assert "content" not in operation["responses"][status]

    @every_operation
    def test_has_one_tag_that_is_declared(self, operation: JSON) -> None:
        assert len(operation["tags"]) == 1
        assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}


class TestSchemas:
    @pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
    def test_say_what_they_are(self, name: str) -> None:
        schema = DOCUMENT["components"]["schemas"][name]
        assert schema["title"] == name
        assert schema["type"] in {"object", "string"}
        assert re.match("[A-Z]", schema["description"])

    @pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
    def test_require_what_they_have(self, name: str) -> None:
        schema = DOCUMENT["components"]["schemas"][name]
        assert set(schema.get("required", ())) <= schema.get("properties", {}).keys()
        is_answered = "additionalProperties" not in schema
        assert not is_answered or len(schema.get("required", ())) == len(
            schema.get("properties", {})
        )

    def test_limit_every_text_that_is_sent(self) -> None:
        for name, schema in DOCUMENT["components"]["schemas"].items():
            if schema.get("additionalProperties") is False:
                for field, rules in schema["properties"].items():
                    assert rules["type"] != "string" or "maxLength" in rules, (name, field)

    def test_enumerate_values_of_their_type(self) -> None:
        enumerations = [node for node in nodes() if isinstance(node.get("enum"), list)]
        assert len(enumerations) > 5
        for node in enumerations:
            assert node["type"] == "string"
            assert all(isinstance(value, str) for value in node["enum"])
            assert len(node["enum"]) == len(set(node["enum"]))


class TestComponents:
    def test_have_names_that_any_language_takes(self) -> None:
        for kind in ("schemas", "parameters", "responses", "examples"):
            for name in DOCUMENT["components"][kind]:
                assert re.fullmatch(r"[A-Z][A-Za-z]+", name), name

    def test_hold_what_is_the_same_everywhere(self) -> None:
        """A refusal that is written out is some operation's own: no two are alike."""
        written = [
            str(response)
            for path in DOCUMENT["paths"].values()
            for operation in path.values()
            if "x-rate-limit" in operation
            for status, response in operation["responses"].items()
            if "$ref" not in response and status not in {"200", "201", "202", "204", "304", "400"}
        ]
        assert len(written) == len(set(written))

    def test_leave_the_document_small(self) -> None:
        references = sum("$ref" in node for node in nodes())
        assert references > 10 * len(operations())
