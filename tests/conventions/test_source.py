"""The few rules that no linter can say. Each fails with its reason."""

import ast
import re
from pathlib import Path

import pytest

from backend.testing import contract
from backend.testing.client import ApiClient
from tests.conventions.source import imports, modules, names, tree, where
from tests.service import ROOT

ROUTERS = modules("backend/*/router.py")
LOG = "backend/core/telemetry/log.py"
SERVICES = modules("backend/*/services.py", "backend/authentication/sessions.py")
# What the contract lists as public; whoever adds one changes the contract first.
PUBLIC = {
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
UNKNOWN_ID = "01a20b6d-f71b-7609-9d37-00be804fe5ee"
QUERYING = {"objects", "filter", "exclude", "save", "delete", "create", "update", "atomic", "raw"}


def of(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("module", paths, ids=str)


class TestRouter:
    @of(ROUTERS)
    def test_decides_nothing(self, module: Path) -> None:
        found = [
            where(module, node)
            for node in ast.walk(tree(module))
            if isinstance(node, ast.For | ast.While | ast.Try | ast.With | ast.comprehension)
        ]
        assert not found, f"{found}: loops, tries and transactions belong into services"

    @of(ROUTERS)
    def test_asks_no_database(self, module: Path) -> None:
        found = [
            where(module, node)
            for node in ast.walk(tree(module))
            if isinstance(node, ast.Attribute)
            and node.attr in QUERYING
            and not (isinstance(node.value, ast.Name) and node.value.id.endswith("router"))
        ]
        assert not found, f"{found}: queries belong into models, called by services"
        assert not {name for name in imports(module) if name.startswith("django.db")}

    @of(ROUTERS)
    def test_has_operations_of_one_thought(self, module: Path) -> None:
        for node in tree(module).body:
            if isinstance(node, ast.FunctionDef):
                assert ast.get_docstring(node), f"{where(module, node)}: clients read it"
                assert len(node.body) <= 5, f"{where(module, node)}: call one service, return"


class TestService:
    @of(SERVICES)
    def test_knows_no_schema_and_no_request(self, module: Path) -> None:
        forbidden = ("ninja", "pydantic", "django.http")
        found = {
            name
            for name in imports(module)
            if name.startswith(forbidden)
            or {"schemas", "request", "HttpRequest"} & {*name.split(".")}
        }
        assert not found, f"{module} imports {found}: services take plain values"

    @of([module for module in SERVICES if "health" not in module.parts])  # that is about right now
    def test_is_told_the_time(self, module: Path) -> None:
        found = {"timezone.now", "datetime.now", "time.time"} & names(module)
        assert not found, f"{module} uses {found}: `now` is passed in"


class TestOperation:
    @pytest.mark.parametrize(
        ("name", "method", "path"),
        [
            (operation["operationId"], method.upper(), path)
            for path, methods in contract.document()["paths"].items()
            for method, operation in methods.items()
        ],
    )
    @pytest.mark.django_db
    def test_is_private_unless_the_contract_says_otherwise(
        self, client: ApiClient, name: str, method: str, path: str
    ) -> None:
        answer = client.call(method, re.sub(r"\{\w+\}", UNKNOWN_ID, path))
        # A logout without a refresh token ends the bearer's session, so it wants one as well.
        open_to_all = name in PUBLIC - {"auth.logout"}
        assert (answer.status == 401) is not open_to_all, "the contract lists what is public"


class TestEnvironment:
    def test_is_read_in_one_place(self) -> None:
        readers = {
            str(module)
            for module in modules("backend/**/*.py", "project/**/*.py", "manage.py")
            if {"os.environ", "os.getenv", "environ", "getenv"} & names(module)
        }
        assert readers == {"project/env.py"}, "settings are typed in project/env.py"


class TestLog:
    def test_is_configured_in_one_place(self) -> None:
        users = {
            str(module)
            for module in modules("backend/**/*.py", "project/**/*.py")
            if any(name.partition(".")[0] == "loguru" for name in imports(module))
            and {"logger.add", "logger.remove", "logger.configure"} & names(module)
        }
        assert users == {LOG}, "one set-up: one line per event, redacted"

    def test_is_reached_through_one_door(self) -> None:
        importers = {
            str(module)
            for module in modules("backend/**/*.py", "project/**/*.py")
            if "loguru.logger" in imports(module)
        }
        assert importers == {LOG}, "import `logger` from backend.core.telemetry.log"


class TestModule:
    @of(modules("backend/**/*.py", "project/**/*.py", "manage.py"))
    def test_is_short_enough_to_read(self, module: Path) -> None:
        lines = len((ROOT / module).read_text().splitlines())
        assert lines <= 300, f"{module} has {lines} lines: split it by concept"

    def test_is_named_after_a_concept(self) -> None:
        vague = {"utils", "util", "helpers", "common", "misc", "shared", "tools"}
        found = [
            module
            for module in modules("backend/**/*.py", "project/**/*.py", "tests/**/*.py")
            if vague & {module.stem, *module.parts[:-1]}
        ]
        assert not found, "name the concept"


class TestPause:
    @of(modules("tests/**/*.py"))
    def test_in_a_test_has_a_bound(self, module: Path) -> None:
        unbounded = [
            where(module, node)
            for node in ast.walk(tree(module))
            if isinstance(node, ast.Call)
            and ast.unparse(node.func) in {"time.sleep", "sleep"}
            and not (node.args and isinstance(node.args[0], ast.Constant | ast.Name))
        ]
        assert not unbounded, f"{unbounded}: a pause is a short constant inside a deadline"
