"""The documents are complete: whoever adds something has to say so."""

import re
from pathlib import Path

import pytest

from backend.core.errors import ErrorCode
from backend.testing import contract
from project.env import Environment
from tests.service import ROOT

# For the test suite itself, which sets them.
INTERNAL = {"TEST_DB_NAME", "TEST_KEY_PREFIX"}
VARIABLES = sorted({name.upper() for name in Environment.model_fields} - INTERNAL)
JUSTFILE = (ROOT / "justfile").read_text()
PRIVATE = re.findall(r"\[private\]\n(?:\[[^\n]*\]\n)*([a-z-]+)", JUSTFILE)
RECIPES = sorted({*re.findall(r"(?m)^([a-z][a-z-]*)(?: [^:\n]*)?:(?!=)", JUSTFILE)} - {*PRIVATE})


def text(*path: str) -> str:
    return ROOT.joinpath(*path).read_text()


class TestVariable:
    @pytest.mark.parametrize("name", VARIABLES)
    def test_is_explained(self, name: str) -> None:
        assert f"`{name}`" in text("docs", "configuration.md"), "docs/configuration.md is the list"

    @pytest.mark.parametrize("name", VARIABLES)
    def test_is_in_the_example(self, name: str) -> None:
        assert re.search(rf"(?m)^#? ?{name}=", text(".env.example")), "people copy .env.example"

    def test_is_one_that_is_read(self) -> None:
        known = {name.upper() for name in Environment.model_fields} | {"DJANGO_SETTINGS_MODULE"}
        named = set(re.findall(r"(?m)^#? ?([A-Z][A-Z_]+)=", text(".env.example")))
        assert named <= known, "nobody reads these"


class TestRecipe:
    def test_was_found(self) -> None:
        assert {"start", "test", "check", "check-db", "openapi", "pre-commit"} <= set(RECIPES)

    @pytest.mark.parametrize("name", RECIPES)
    def test_is_in_the_readme(self, name: str) -> None:
        assert re.search(rf"`(?:\./)?just {name}\b|`{name}\b", text("README.md")), "README.md"


class TestErrorCode:
    @pytest.mark.parametrize("code", list(ErrorCode))
    def test_is_explained(self, code: ErrorCode) -> None:
        assert f"`{code}`" in text("docs", "api.md"), "clients branch on it"


class TestOperation:
    @pytest.mark.parametrize("path", sorted(contract.document()["paths"]))
    def test_is_named_somewhere(self, path: str) -> None:
        short = path.removeprefix("/api/v1/").replace("{session_id}", "{id}").rstrip("/")
        pages = [text("README.md"), *(page.read_text() for page in (ROOT / "docs").glob("*.md"))]
        assert any(short in page for page in pages), "a reader looks for it in README or docs/"


class TestLink:
    @pytest.mark.parametrize(
        "page",
        [
            path.relative_to(ROOT)
            for path in [
                *ROOT.glob("*.md"),
                *(ROOT / "docs").rglob("*.md"),
                *ROOT.glob("tests/*.md"),
            ]
        ],
        ids=str,
    )
    def test_leads_somewhere(self, page: Path) -> None:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text(str(page))):
            if "://" not in target and not target.startswith("mailto:"):
                assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"
