"""``python -m clients.generate.python`` writes what follows from the document."""

import argparse
import difflib
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from clients.generate.python import errors, methods, models, operations
from clients.generate.python.document import Document

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "tests" / "api" / "openapi.json"
PROJECT = ROOT / "clients" / "python" / "pyproject.toml"
NOTICE = "# Generated from the service's OpenAPI document. Do not edit; run `./just clients`.\n"


def package() -> Path:
    """The package's folder. Its name, and the version, are said in one place: pyproject.toml."""
    return PROJECT.parent / "src" / _project()["name"].replace("-", "_")


def rendered() -> dict[str, str]:
    """The generated modules by name, formatted."""
    document = Document(json.loads(DOCUMENT.read_text()))
    modules = {
        "about.py": _about(),
        "models.py": models.render(document),
        "errors.py": errors.render(document),
        "operations.py": operations.render(document),
        "blocking.py": methods.render(document, methods.BLOCKING),
        "asynchronous.py": methods.render(document, methods.ASYNCHRONOUS),
    }
    return _formatted({name: NOTICE + text for name, text in modules.items()})


def main() -> int:
    """Write the modules, or with ``--check`` tell how they differ and return 1."""
    parser = argparse.ArgumentParser(prog="python -m clients.generate.python", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 if stale")
    if not parser.parse_args().check:
        for name, text in rendered().items():
            package().joinpath(name).write_text(text)
        return 0
    changes = [line for name, text in rendered().items() for line in _changes(name, text)]
    if changes:
        sys.stderr.write("".join(changes) + "The Python client is stale: run ./just clients\n")
    return 1 if changes else 0


def _project() -> dict[str, str]:
    project: dict[str, str] = tomllib.loads(PROJECT.read_text())["project"]
    return project


def _about() -> str:
    name, version = _project()["name"], _project()["version"]
    return (
        '"""What this client is called."""\n'
        f'VERSION = "{version}"\nUSER_AGENT = "{name}-python/{version}"\n'
    )


def _formatted(modules: dict[str, str]) -> dict[str, str]:
    """Without imports that nothing uses, sorted and formatted, as the project's own code."""
    with tempfile.TemporaryDirectory(prefix=".generated-", dir=PROJECT.parent) as name:
        folder = Path(name)
        for module, text in modules.items():
            folder.joinpath(module).write_text(text)
        for command in (["check", "--select=F401,I,UP", "--fix"], ["format"]):
            ruff = [sys.executable, "-m", "ruff", *command, "--quiet", "--no-cache", str(folder)]
            subprocess.run(ruff, check=True)  # noqa: S603  (our own arguments)
        return {module: folder.joinpath(module).read_text() for module in modules}


def _changes(name: str, text: str) -> list[str]:
    path = package() / name
    committed = path.read_text() if path.exists() else ""
    return [
        *difflib.unified_diff(
            committed.splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"committed/{name}",
            f"generated/{name}",
        )
    ]


if __name__ == "__main__":
    sys.exit(main())
