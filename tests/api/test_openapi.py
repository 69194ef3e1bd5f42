import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import CommandError, call_command
from schemathesis.specs.openapi.definitions import OPENAPI_31

from backend.api import changes
from backend.api.management.commands import openapi as command
from backend.core.errors import ErrorCode
from backend.testing import contract
from tests.api.document import DOCUMENT, JSON, codes, every_operation, nodes, operations
from tests.core.test_errors import CONTRACT


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
        for kind in DOCUMENT["components"].keys() - {"securitySchemes"}:
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

    def test_names_its_licence_and_its_server(self) -> None:
        assert DOCUMENT["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
        assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]

    def test_describes_its_tags(self) -> None:
        described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
        assert described == {tag for operation in operations() for tag in operation["tags"]}

    def test_is_the_same_each_time(self) -> None:
        contract.published.cache_clear()
        assert json.dumps(contract.document()) == json.dumps(DOCUMENT)


class TestErrorCodes:
    def test_are_those_of_the_contract(self) -> None:
        listed = DOCUMENT["components"]["schemas"]["ErrorCode"]["enum"]
        assert set(listed) == {code.value for code in ErrorCode} == set.union(*CONTRACT.values())

    @every_operation
    def test_belong_to_their_status(self, operation: JSON) -> None:
        for status in map(int, operation["responses"]):
            allowed = CONTRACT.get(status, set()) | ({"token_invalid"} if status == 400 else set())
            assert codes(operation, status) <= allowed


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
        monkeypatch.setattr(command, "RELEASED", path.with_name("released.json"))
        monkeypatch.setattr(command, "BREAKING", path.with_name("breaking.toml"))
        return path

    def test_writes_the_document(self, committed: Path, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("openapi")
        assert json.loads(committed.read_text()) == DOCUMENT
        assert committed.read_text().endswith("}\n")
        assert "Wrote" in capsys.readouterr().out

    def test_checks_that_it_is_up_to_date(self, committed: Path) -> None:
        with pytest.raises(CommandError, match="just openapi"):
            call_command("openapi", "--check")
        call_command("openapi", "--release")
        call_command("openapi", "--check")
        committed.write_text(committed.read_text().replace("register", "enrol"))
        with pytest.raises(CommandError, match="stale"):
            call_command("openapi", "--check")
        assert "enrol" in committed.read_text()

    def test_makes_it_the_released_one(self, committed: Path) -> None:
        call_command("openapi", "--release")
        released = committed.with_name("released.json")
        assert released.read_text() == committed.read_text()
        assert changes.read(committed.with_name("breaking.toml")) == {}

    def test_wants_a_released_one_to_compare_with(self, committed: Path) -> None:
        call_command("openapi")
        with pytest.raises(CommandError, match=r"released\.json is missing"):
            call_command("openapi", "--check")

    def test_tells_additions_from_breaking_changes(
        self, committed: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.release_another(committed)
        capsys.readouterr()
        with pytest.raises(CommandError, match="Add:") as failure:
            call_command("openapi", "--check")
        assert 'what = "health.old (GET /api/v1/old/): is gone"' in str(failure.value)
        assert capsys.readouterr().out.splitlines() == [
            "Since the last release: 1 breaking",
            "  health.old (GET /api/v1/old/): is gone",
            "Since the last release: 1 compatible",
            "  health.live (GET /api/v1/health/live/): is new",
        ]

    @pytest.mark.parametrize("option", ["--check", "--release"])
    def test_goes_on_once_the_breaking_changes_are_written_down(
        self, committed: Path, capsys: pytest.CaptureFixture[str], option: str
    ) -> None:
        self.release_another(committed)
        with pytest.raises(CommandError, match="Add:") as failure:
            call_command("openapi", option)
        entry = str(failure.value).partition("Add:")[2].replace('""', '"Nobody called it."')
        committed.with_name("breaking.toml").write_text(entry)
        capsys.readouterr()
        call_command("openapi", option)
        assert "    Nobody called it." in capsys.readouterr().out

    def release_another(self, committed: Path) -> None:
        """Make a document the released one that lacks an operation, and has another."""
        call_command("openapi", "--release")
        released = committed.with_name("released.json")
        document = json.loads(released.read_text())
        probe = document["paths"].pop("/api/v1/health/live/")
        probe["get"]["operationId"] = "health.old"
        document["paths"]["/api/v1/old/"] = probe
        released.write_text(json.dumps(document))
