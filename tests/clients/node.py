"""The TypeScript client under test: npm's work is done once, however many processes ask for it."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.service import ROOT

PACKAGE = ROOT / "clients" / "typescript"
DOCUMENT = ROOT / "tests" / "api" / "openapi.json"
OLDEST = 20
_LOCK = "package-lock.json"


def require() -> None:
    """Skip the test where Node.js or npm are missing or too old; in CI, fail it."""
    if reason := _missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def prepare() -> None:
    """Install what the package needs, and build it and its tests; nothing is done twice."""
    require()
    with _alone():
        _once("install", [_LOCK, ".npmrc"], "npm", "ci")
        sources = [_LOCK, "tsconfig.json", "src"]
        _once("build", sources, "npm", "run", "build")
        _once("build:test", [*sources, "tsconfig.test.json", "test"], "npm", "run", "build:test")


def run(*command: str, cwd: Path = PACKAGE, variables: Mapping[str, str] | None = None) -> str:
    """What a command says; the test fails with it if the command does."""
    done = attempt(*command, cwd=cwd, variables=variables)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}", pytrace=False)
    return done.stdout


def attempt(
    *command: str, cwd: Path = PACKAGE, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command that may fail, with everything it says."""
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )


def run_tests(pattern: str, **variables: str) -> int:
    """Run tests of the package that are built; how many there were."""
    files = sorted(str(path) for path in PACKAGE.glob(f"build/{pattern}.test.js"))
    said = run("node", "--test", "--test-reporter=tap", *files, variables=variables)
    (passed,) = [line.removeprefix("# pass ") for line in said.split("\n") if "# pass " in line]
    return int(passed)


def tsc(project: Path, *options: str) -> list[str]:
    """Type-check a project with the package's compiler: its complaints."""
    compiler = PACKAGE / "node_modules" / "typescript" / "bin" / "tsc"
    done = attempt("node", str(compiler), "--project", str(project), *options, cwd=project)
    return done.stdout.splitlines()


def _missing() -> str:
    wanted = f"the TypeScript client needs Node.js {OLDEST} or newer, and npm"
    if any(shutil.which(name) is None for name in ("node", "npm")):
        return wanted
    version = run("node", "--version").strip()
    return "" if int(version[1:].split(".")[0]) >= OLDEST else f"{wanted}; this is {version}"


@contextmanager
def _alone() -> Iterator[None]:
    with (PACKAGE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _once(name: str, sources: list[str], *command: str) -> None:
    """Run a command unless it has run on the same sources; ``npm ci`` forgets all of that."""
    paths = [PACKAGE / source for source in sources]
    files = sorted(
        file for path in paths for file in ([path] if path.is_file() else path.rglob("*.ts"))
    )
    state = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
    stamp = PACKAGE / "node_modules" / f".{name.replace(':', '-')}"
    if stamp.is_file() and stamp.read_text() == state:
        return
    run(*command)
    stamp.write_text(state)
