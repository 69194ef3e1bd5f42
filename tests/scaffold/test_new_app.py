"""``./just new-app specimens`` in a copy of the project, and every check of that.

Nobody's app is called so: these tests stay true in a project that has grown.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.project.commands import CLEAN
from tests.scaffold.copies import copied
from tests.service import ROOT

pytestmark = pytest.mark.django_db  # of its own processes

SERVERS = ("DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "REDIS_URL", "TASKS_REDIS_URL")
SETTINGS = "--settings=project.settings.testing"
LINT_IMPORTS = str(Path(sys.executable).with_name("lint-imports"))
NEW = ("backend/specimens", "tests/specimens")
CHANGED = (
    *("backend/api/openapi/info.py", "backend/api/v1.py", "project/settings/base.py"),
    *("tests/conventions/test_policies.py", "tests/core/http/test_methods.py"),
)
# What every app is held to, by tests that are called after it, or look at all of them at once.
EVERY_APP = (
    *("tests/conventions", "tests/api", "tests/users", "tests/core/http/test_methods.py"),
    "tests/idempotency/test_every_operation.py",
)
ABOUT_IT = (
    "(specimens or has_a_policy or told_for_every_operation or that_knows_a_user) and not fuzz"
)
same_on_sqlite = pytest.mark.skipif(
    not os.environ.get("DB_HOST"), reason="looks at files alone: the run on PostgreSQL has done it"
)


def run(*arguments: str, folder: Path) -> str:
    """What Python says, run in the copy on the servers of this run; it has to succeed."""
    servers = {name: os.environ[name] for name in SERVERS if os.environ.get(name)}
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=CLEAN | (servers or {"TEST_SERVICES": "embedded"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with an app of specimens."""
    folder = copied(tmp_path_factory.mktemp("scaffold") / "project")
    said = run("-m", "backend.scaffold", "specimens", folder=folder)
    assert "Written: backend/specimens/" in said
    return folder


class TestNewApp:
    @same_on_sqlite
    def test_is_formatted(self, project: Path) -> None:
        run(
            "-m",
            "ruff",
            "format",
            "--check",
            *NEW,
            "backend/api",
            "project",
            "tests",
            folder=project,
        )

    @same_on_sqlite
    def test_has_nothing_to_mend(self, project: Path) -> None:
        run("-m", "ruff", "check", *NEW, *CHANGED, folder=project)

    @same_on_sqlite
    def test_is_typed(self, project: Path) -> None:
        cache = ROOT / ".mypy_cache"
        if cache.exists():  # `just check` has just filled it
            shutil.copytree(cache, project / cache.name)
        run("-m", "mypy", *NEW, "tests/conventions/test_policies.py", folder=project)

    @same_on_sqlite
    def test_keeps_the_import_contracts(self, project: Path) -> None:
        run(LINT_IMPORTS, folder=project)

    @same_on_sqlite
    def test_has_all_its_migrations(self, project: Path) -> None:
        run("manage.py", "makemigrations", "--check", "--dry-run", SETTINGS, folder=project)

    @same_on_sqlite
    def test_is_in_the_document_and_breaks_no_client(self, project: Path) -> None:
        told = tomllib.loads((ROOT / "tests/api/breaking.toml").read_text()).get("change", [])
        said = run("manage.py", "openapi", "--check", SETTINGS, folder=project)
        assert f"{len(told)} breaking" in said  # and none of them is the app's
        run("-m", "clients.generate.python", "--check", folder=project)

    def test_passes_its_own_tests_and_those_of_every_app(self, project: Path) -> None:
        run("-m", "pytest", "-k", ABOUT_IT, "tests/specimens", *EVERY_APP, folder=project)

    def test_is_not_made_twice(self, project: Path) -> None:
        with pytest.raises(AssertionError, match="backend/specimens is there already"):
            run("-m", "backend.scaffold", "specimens", folder=project)
