"""What is refused is refused before anything has been written."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.scaffold import __main__ as command
from backend.scaffold.entries import entered
from backend.scaffold.finishing import regenerate_clients
from backend.scaffold.names import MAX_LENGTH, Names
from backend.scaffold.plan import DOCUMENT, Plan
from backend.scaffold.refusal import Refused
from tests.project.commands import python
from tests.service import ROOT

SHARED = [*entered(Names.of("specimens"), lambda path: (ROOT / path).read_text()), DOCUMENT]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files that all apps share."""
    for path in SHARED:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and ".ruff_cache" not in path.parts
    }


def spoil(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Change a shared file as a project might have done."""

    def act(project: Path) -> None:
        text = (project / path).read_text()
        assert old in text
        (project / path).write_text(text.replace(old, new))

    return act


def interrupt(plan: Plan) -> None:
    with plan.carried_out():
        assert (plan.root / "backend" / "specimens").exists()
        raise KeyboardInterrupt


def remove(path: str) -> Callable[[Path], None]:
    return lambda project: (project / path).unlink()


class TestName:
    @pytest.mark.parametrize(
        "name",
        [
            *("users", "tasks", "mails"),  # apps of ours
            *("sessions", "messages"),  # apps of others
            *("conventions", "journeys", "services", "clients"),  # folders and modules of tests
            "docs",  # a page
            *("errors", "token_pairs", "security_events"),  # schemas
            *("requests", "responses", "pages", "titles", "owners", "users_"),  # names in the code
        ],
    )
    def test_that_is_taken_is_refused(self, name: str) -> None:
        with pytest.raises(Refused, match=r"already|take another word|is no name"):
            Plan.of(Names.of(name), ROOT)

    def test_that_is_free_is_not(self) -> None:
        assert Plan.of(Names.of("specimens"), ROOT).folders == [
            "backend/specimens",
            "tests/specimens",
        ]


class TestPlace:
    @pytest.mark.parametrize(
        ("act", "named"),
        [
            (spoil("project/settings/base.py", "INSTALLED_APPS", "APPS"), "INSTALLED_APPS"),
            (spoil("project/settings/base.py", '"backend.api",', ""), "project/settings/base.py"),
            (spoil("backend/api/v1.py", "ROUTERS", "R"), "backend/api/v1.py: .* ROUTERS"),
            (spoil("backend/api/v1.py", "ROUTERS = {", "ROUTERS = {{"), "backend/api/v1.py"),
            (spoil("backend/api/openapi/info.py", '"tags"', '"t"'), r"info.py: .*EXTRA\['tags'\]"),
            (spoil("pyproject.toml", "backend.health", "backend.h"), "pyproject.toml: .*health"),
            (spoil("tests/conventions/test_policies.py", "POLICIES", "P"), "POLICIES"),
            (spoil("tests/conventions/test_policies.py", "PARAMETERS", "P"), "PARAMETERS"),
            (spoil("tests/core/http/test_methods.py", "ALLOW", "A"), "ALLOW"),
            (spoil("docs/api.md", "| operation |", "| op |"), "docs/api.md: .*operation"),
            (
                spoil("ARCHITECTURE.md", "      mails/", "      letters/"),
                "ARCHITECTURE.md: .*mails",
            ),
            (spoil("CHANGELOG.md", "[Unreleased]", "[Next]"), "CHANGELOG.md: .*Unreleased"),
            (remove("CHANGELOG.md"), "CHANGELOG.md"),
            (remove(DOCUMENT), DOCUMENT),
            (
                spoil("tests/core/http/test_methods.py", "ALLOW = {", 'ALLOW = {"specimens/": "",'),
                "ALLOW has 'specimens/' already",
            ),
        ],
    )
    def test_that_has_gone_is_named_and_nothing_is_written(
        self,
        project: Path,
        capsys: pytest.CaptureFixture[str],
        act: Callable[[Path], None],
        named: str,
    ) -> None:
        act(project)
        before = content(project)
        with pytest.raises(Refused, match=named):
            Plan.of(Names.of("specimens"), project)
        assert command.main(["specimens"], root=project) == 1
        assert "Nothing has been written." in capsys.readouterr().err
        assert content(project) == before


class TestSuccess:
    def test_says_what_was_written_and_what_comes_next(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(command, "finish", lambda plan: None)
        monkeypatch.setattr(command, "regenerate_clients", lambda root: ["clients/typescript"])
        assert command.main(["people", "--singular", "person"], root=project) == 0
        said = capsys.readouterr().out
        assert said.startswith("People, and each of them a person.")
        assert "3. Make backend/people/models.py" in said
        assert "clients/typescript" in said
        for path in ("backend/people/models.py", "tests/people/test_list.py", *SHARED):
            assert (project / path).exists()
            assert path in said or path.split("/")[1] == "people"


class TestClient:
    def test_that_is_not_there_is_not_missed(self, tmp_path: Path) -> None:
        assert regenerate_clients(tmp_path) == []

    def test_that_cannot_be_generated_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "clients" / "typescript").mkdir(parents=True)
        monkeypatch.setenv("PATH", "")  # no npm
        assert regenerate_clients(tmp_path) == ["clients/typescript"]


class TestFailure:
    def test_of_a_command_takes_everything_back(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = content(project)
        assert command.main(["specimens"], root=project) == 1  # there is no manage.py
        assert "manage.py" in capsys.readouterr().err
        assert content(project) == before
        assert not (project / "backend" / "specimens").exists()

    def test_by_an_interruption_takes_everything_back(self, project: Path) -> None:
        before = content(project)
        plan = Plan.of(Names.of("specimens"), project)
        with pytest.raises(KeyboardInterrupt):
            interrupt(plan)
        assert content(project) == before


class TestModules:
    @pytest.mark.parametrize(
        ("plural", "singular"),
        [
            ("cats", ""),
            ("purchase_orders", ""),
            ("x" * (MAX_LENGTH - 1) + "s", ""),
            ("people", "x" * MAX_LENGTH),
        ],
    )
    def test_fit_into_lines_whatever_the_app_is_called(
        self, project: Path, plural: str, singular: str
    ) -> None:
        plan = Plan.of(Names.of(plural, singular), project)
        with plan.carried_out():
            for command in (
                ["check", "--select=I", "--fix"],
                ["format"],
                ["check", "--ignore=INP001"],
            ):
                ended = python("-m", "ruff", *command, *plan.folders, "tests", folder=project)
                assert ended.returncode == 0, ended.stdout
