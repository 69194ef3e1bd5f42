import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import CommandError, call_command
from schemathesis.specs.openapi.definitions import OPENAPI_31

from backend.api.management.commands import openapi as command
from backend.core.errors import ErrorCode
from tests import contract
from tests.core.test_errors import CONTRACT

type JSON = dict[str, Any]

DOCUMENT = contract.document()
# Clients are generated from these: a renamed operation is a broken client.
OPERATIONS = {
    "auth.register": "POST /api/v1/auth/register/",
    "auth.login": "POST /api/v1/auth/login/",
    "auth.refresh": "POST /api/v1/auth/refresh/",
    "auth.logout": "POST /api/v1/auth/logout/",
    "auth.logout_all": "POST /api/v1/auth/logout/all/",
    "auth.sessions.list": "GET /api/v1/auth/sessions/",
    "auth.sessions.end": "DELETE /api/v1/auth/sessions/{session_id}/",
    "auth.password.change": "POST /api/v1/auth/password/change/",
    "users.me.get": "GET /api/v1/users/me/",
    "users.me.update": "PATCH /api/v1/users/me/",
    "health.read": "GET /api/v1/health/",
    "health.live": "GET /api/v1/health/live/",
    "health.ready": "GET /api/v1/health/ready/",
}


def operations() -> list[JSON]:
    return [
        {"method": method, "path": path, **operation}
        for path, methods in DOCUMENT["paths"].items()
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


def codes(operation: JSON, status: int) -> set[str]:
    """The codes an operation declares for a status."""
    response = operation["responses"].get(str(status))
    if response is None:
        return set()
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return set(schema["allOf"][1]["properties"]["code"]["enum"]) if "allOf" in schema else set()


every_operation = pytest.mark.parametrize(
    "operation", operations(), ids=lambda operation: operation["operationId"]
)


class TestDocument:
    def test_is_openapi_3_1(self) -> None:
        assert DOCUMENT["openapi"].startswith("3.1.")
        jsonschema_rs.Draft202012Validator(OPENAPI_31).validate(DOCUMENT)

    def test_has_schemas_that_are_ones(self) -> None:
        for name, schema in DOCUMENT["components"]["schemas"].items():
            assert jsonschema_rs.meta.is_valid(schema), name

    def test_refers_to_nothing_that_is_not_there(self) -> None:
        references = {node["$ref"] for node in nodes() if isinstance(node.get("$ref"), str)}
        assert len(references) > 10
        for reference in references:
            place: Any = DOCUMENT
            for step in reference.removeprefix("#/").split("/"):
                place = place[step]

    def test_holds_nothing_that_nobody_refers_to(self) -> None:
        references = {node["$ref"] for node in nodes() if isinstance(node.get("$ref"), str)}
        for kind in ("schemas", "headers"):
            for name in DOCUMENT["components"][kind]:
                assert f"#/components/{kind}/{name}" in references, name

    def test_has_no_leftovers_of_a_generator(self) -> None:
        names = {
            *DOCUMENT["components"]["schemas"],
            *(node["title"] for node in nodes() if isinstance(node.get("title"), str)),
        } - {DOCUMENT["info"]["title"]}
        for name in names:
            assert re.fullmatch(r"[A-Z][A-Za-z]+", name), name
            assert not name.endswith(("Out", "Schema", "In"))
        text = json.dumps(DOCUMENT).lower()
        for leftover in ("ninja", "pydantic", "django", "x-errors"):
            assert leftover not in text

    def test_describes_its_tags(self) -> None:
        described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
        assert described == {tag for operation in operations() for tag in operation["tags"]}

    def test_is_the_same_each_time(self) -> None:
        contract.document.cache_clear()
        assert json.dumps(contract.document()) == json.dumps(DOCUMENT)


class TestErrorCodes:
    def test_are_those_of_the_contract(self) -> None:
        listed = DOCUMENT["components"]["schemas"]["Error"]["properties"]["code"]["enum"]
        assert set(listed) == {code.value for code in ErrorCode} == set.union(*CONTRACT.values())

    @every_operation
    def test_belong_to_their_status(self, operation: JSON) -> None:
        for status in map(int, operation["responses"]):
            allowed = CONTRACT.get(status, set()) | ({"token_invalid"} if status == 400 else set())
            assert codes(operation, status) <= allowed


class TestEveryOperation:
    def test_has_its_stable_id(self) -> None:
        found = {
            operation["operationId"]: f"{operation['method'].upper()} {operation['path']}"
            for operation in operations()
        }
        assert OPERATIONS.items() <= found.items()

    def test_has_an_id_of_its_own(self) -> None:
        counted = Counter(operation["operationId"] for operation in operations())
        assert set(counted.values()) == {1}

    @every_operation
    def test_says_what_it_does(self, operation: JSON) -> None:
        assert re.fullmatch(r"[A-Z].{5,}[^.]", operation["summary"])
        assert operation.get("description", "longer") != operation["summary"]

    @every_operation
    def test_lives_under_the_version_and_ends_in_a_slash(self, operation: JSON) -> None:
        assert operation["path"].startswith("/api/v1/")
        assert operation["path"].endswith("/")

    @every_operation
    def test_declares_what_can_happen_to_anybody(self, operation: JSON) -> None:
        health = operation["tags"] == ["health"]
        assert codes(operation, 400) >= {"bad_request"}
        assert codes(operation, 411) == {"length_required"}
        assert codes(operation, 413) == {"payload_too_large"}
        assert codes(operation, 500) == {"server_error"}
        assert health or codes(operation, 503) == {"service_unavailable"}
        assert any(status.startswith("2") for status in operation["responses"])

    @every_operation
    def test_declares_what_its_form_implies(self, operation: JSON) -> None:
        private = operation.get("security") == [{"BearerAuth": []}]
        places = {parameter["in"] for parameter in operation.get("parameters", ())}
        takes_body = "requestBody" in operation
        bearer = {"not_authenticated", "token_invalid", "token_expired", "session_revoked"}
        assert not private or codes(operation, 401) >= bearer
        assert not takes_body or codes(operation, 400) >= {"validation_error", "invalid_json"}
        assert codes(operation, 415) == ({"unsupported_media_type"} if takes_body else set())
        assert not places & {"query", "header"} or "validation_error" in codes(operation, 400)
        assert "path" not in places or "not_found" in codes(operation, 404)

    @every_operation
    def test_takes_and_answers_json_only(self, operation: JSON) -> None:
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            assert body.get("content", {"application/json": {}}).keys() == {"application/json"}

    @every_operation
    def test_declares_its_headers(self, operation: JSON) -> None:
        for status, response in operation["responses"].items():
            assert "X-Request-ID" in response["headers"]
            assert ("WWW-Authenticate" in response["headers"]) == (status == "401")
            if codes(operation, 503):
                assert ("Retry-After" in response["headers"]) == (status in {"503", "429"})

    @every_operation
    def test_names_its_body_and_closes_it(self, operation: JSON) -> None:
        if "requestBody" not in operation:
            return
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        references = [schema, *schema.get("anyOf", ())]
        (name,) = [node["$ref"].rsplit("/", 1)[1] for node in references if "$ref" in node]
        assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


class TestSecurity:
    def test_is_a_bearer_token(self) -> None:
        (scheme,) = DOCUMENT["components"]["securitySchemes"].values()
        assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == (
            "http",
            "bearer",
            "JWT",
        )

    def test_is_wanted_unless_the_contract_says_otherwise(self) -> None:
        public = {
            operation["operationId"]
            for operation in operations()
            if operation.get("security") != [{"BearerAuth": []}]
        }
        assert public == {
            "auth.register",
            "auth.login",
            "auth.refresh",
            "auth.logout",
            "auth.password.reset",
            "auth.password.reset_confirm",
            "auth.email.verify",
            "auth.email.verify_resend",
            "auth.not_me",
            "health.read",
            "health.live",
            "health.ready",
        }


class TestCommand:
    @pytest.fixture
    def committed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        path = tmp_path / "deep" / "openapi.json"
        monkeypatch.setattr(command, "COMMITTED", path)
        return path

    def test_writes_the_document(self, committed: Path, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("openapi")
        assert json.loads(committed.read_text()) == DOCUMENT
        assert committed.read_text().endswith("}\n")
        assert "Wrote" in capsys.readouterr().out

    def test_checks_that_it_is_up_to_date(self, committed: Path) -> None:
        with pytest.raises(CommandError, match="just openapi"):
            call_command("openapi", "--check")
        call_command("openapi")
        call_command("openapi", "--check")
        committed.write_text(committed.read_text().replace("register", "enrol"))
        with pytest.raises(CommandError, match="stale"):
            call_command("openapi", "--check")
        assert "enrol" in committed.read_text()
