"""The Python client as a new user gets it: built, installed into an empty project, typed."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from backend_client import __version__

from tests.service import ROOT, Service

PACKAGE = ROOT / "clients" / "python"
FLOW = """\
import sys

from backend_client import Client, errors, models

password = "a quiet walk by the sea"
with Client(sys.argv[1]) as api:
    api.auth.register(email="new.user@example.com", password=password, password_confirm=password)
    api.auth.login(email="new.user@example.com", password=password)
    me: models.User = api.users.me.get()
    me = api.users.me.update(first_name="Ada", if_match=me)
    try:
        api.auth.register(email=me.email, password=password, password_confirm=password)
    except errors.ValidationError as error:
        print(*error.errors, bool(error.request_id))
    except errors.Throttled as error:
        print(error.retry_after)
    for session in api.auth.sessions.iterate():
        print(session.current, me.first_name, me.etag is not None)
    api.auth.logout()
"""
AWAITED = """\
import asyncio

from backend_client import AsyncClient, models


async def main() -> list[models.StaffUser]:
    async with AsyncClient("http://127.0.0.1:8000") as api:
        await api.auth.login(email="ada@example.com", password="a quiet walk by the sea")
        return [user async for user in api.users.iterate(search="ada", ordering="-email")]


asyncio.run(main())
"""
# A mistake a line, and what mypy calls it.
MISTAKES = {
    'api.auth.login(email="a@example.com", passwort="p")': "call-arg",
    'api.auth.login(email="a@example.com")': "call-arg",
    'api.auth.login("a@example.com", "p")': "call-arg",
    "api.users.me.update(first_name=None)": "arg-type",
    "api.users.me.get().is_active": "attr-defined",
    'api.users.list(ordering="name")': "arg-type",
    "api.users.get()": "call-arg",
    "api.users.me.update(if_match=7)": "arg-type",
    'api.auth.login(email="a@example.com", password="p", idempotency_key="k")': "call-arg",
    "api.auth.sign_in": "attr-defined",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    run(uv(), "build", "--quiet", "--out-dir", folder, PACKAGE)
    return folder


@pytest.fixture(scope="module")
def project(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty project with the client in its environment, and nothing of this project's."""
    folder = tmp_path_factory.mktemp("project")
    run(uv(), "venv", "--quiet", "--python", sys.executable, folder / ".venv")
    python = folder / ".venv" / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    run(uv(), "pip", "install", "--quiet", "--python", python, wheel)
    yield folder
    shutil.rmtree(folder)


def uv() -> str:
    """The program that builds and installs, which `./just` puts on the path."""
    found = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    assert Path(found).exists(), "run the tests with ./just test"
    return found


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What the command says; the test fails with it if the command does."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def checked(project: Path, code: str) -> str:
    """What mypy says of the code, strict, with the project's packages."""
    project.joinpath("checked.py").write_text(code)
    python = project / ".venv" / "bin" / "python"
    command = ["mypy", "--strict", "--config-file=", "--python-executable", str(python)]
    command += ["--cache-dir", str(project / ".mypy_cache"), "--no-error-summary", "checked.py"]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=project, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    return done.stdout


class TestPackage:
    def test_holds_the_client_and_says_that_it_is_typed(self, built: Path) -> None:
        (wheel,) = built.glob("*.whl")
        source = PACKAGE / "src" / "backend_client"
        modules = {path.name for path in source.iterdir() if path.is_file()}
        with zipfile.ZipFile(wheel) as archive:
            names = {*archive.namelist()}
        info = f"backend_client-{__version__}.dist-info"
        expected = {f"backend_client/{module}" for module in modules}
        expected |= {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL")}
        assert names == expected | {f"{info}/licenses/LICENSE"}
        assert "py.typed" in modules

    def test_comes_with_its_source(self, built: Path) -> None:
        assert [path.name for path in built.glob("*.tar.gz")] == [
            f"backend_client-{__version__}.tar.gz"
        ]

    def test_runs_on_the_oldest_python_that_it_names(self) -> None:
        """Only its own modules: what others offer is theirs to promise."""
        command = ["mypy", "--config-file=", "--python-version=3.10", "--follow-imports=skip"]
        command += ["--cache-dir", os.devnull, "src/backend_client"]
        run(sys.executable, "-m", *command, cwd=PACKAGE)

    def test_carries_the_projects_license(self) -> None:
        assert PACKAGE.joinpath("LICENSE").read_text() == ROOT.joinpath("LICENSE").read_text()


class TestNewUser:
    def test_registers_logs_in_and_updates(self, project: Path, service: Service) -> None:
        project.joinpath("flow.py").write_text(FLOW)
        python = project / ".venv" / "bin" / "python"
        said = run(python, "-W", "error", "flow.py", service.url, cwd=project)
        assert said.splitlines() == ["email True", "True Ada True"]

    def test_has_the_flow_checked(self, project: Path) -> None:
        assert checked(project, FLOW) == ""
        assert checked(project, AWAITED) == ""

    def test_can_trust_the_documentation(self, project: Path) -> None:
        for page in (ROOT / "docs" / "clients" / "python.md", PACKAGE / "README.md"):
            first = re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
            assert first is not None
            assert checked(project, first[1]) == ""

    def test_is_told_of_every_mistake(self, project: Path) -> None:
        head = 'from backend_client import Client\n\napi = Client("http://127.0.0.1:8000")\n'
        said = checked(project, head + "\n".join(MISTAKES)).splitlines()
        errors = [line for line in said if " error: " in line]
        found = {int(line.split(":")[1]): line.rpartition("[")[2].rstrip("]") for line in errors}
        assert found == {4 + number: code for number, code in enumerate(MISTAKES.values())}

    def test_waits_for_nothing_when_importing(self, project: Path) -> None:
        """Nothing is parsed, built or read until the first call."""
        code = "import backend_client.answers as a; print(a._adapter.cache_info().currsize)"
        assert run(project / ".venv" / "bin" / "python", "-c", code) == "0\n"
