"""All that making an app writes: known before a file is touched, and taken back if need be."""

import ast
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.scaffold import modules, templates
from backend.scaffold.entries import entered
from backend.scaffold.names import Names
from backend.scaffold.refusal import Refused

DOCUMENT = "tests/api/openapi.json"
_PAGES = {"docs", "redoc", "schema"}  # beside the operations, under the same prefix


@dataclass(frozen=True)
class Plan:
    """What to write into a project.

    Attributes:
        created: New files by their paths, in folders that are new, too.
        changed: Files that are there, with what is added to them.
    """

    root: Path
    names: Names
    created: dict[str, str]
    changed: dict[str, str]

    @classmethod
    def of(cls, names: Names, root: Path) -> "Plan":
        """Decide on everything.

        Raises:
            Refused: the name is taken, or a place for an entry is not there.
        """
        try:
            _require_free(names, root)
        except OSError as error:
            raise Refused(str(error)) from error
        changed = entered(names, lambda path: (root / path).read_text())
        return cls(root, names, templates.rendered(names), changed)

    @property
    def folders(self) -> list[str]:
        """What is new."""
        return [f"backend/{self.names.plural}", f"tests/{self.names.plural}"]

    @contextmanager
    def carried_out(self) -> Iterator[None]:
        """Write everything; whatever goes wrong within the block takes it back."""
        kept = [*self.changed, DOCUMENT]
        before = {path: self.root.joinpath(path).read_text() for path in kept}
        try:
            for path, text in {**self.created, **self.changed}.items():
                place = self.root / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
            yield
        except BaseException:
            for path, text in before.items():
                self.root.joinpath(path).write_text(text)
            for folder in self.folders:
                shutil.rmtree(self.root / folder, ignore_errors=True)
            raise


def _require_free(names: Names, root: Path) -> None:
    app = names.plural
    for place in (f"backend/{app}", f"tests/{app}", f"backend/{app}.py", f"tests/{app}.py"):
        if (root / place).exists():
            raise Refused(f"{place} is there already")
    if app in _labels(root):
        raise Refused(f"another app is called {app} already")
    paths, schemas = _published(root)
    if names.path in paths | _PAGES:
        raise Refused(f"/api/v1/{names.path}/ is there already")
    for schema in (names.model, *(f"{names.model}{end}" for end in ("Page", "Create", "Patch"))):
        if schema in schemas:
            raise Refused(f"{DOCUMENT} has a schema {schema} already")
    for name in {names.singular, names.model} & templates.taken():
        raise Refused(f"the code of every app uses the name {name}: take another word")


def _labels(root: Path) -> set[str]:
    """What the installed apps are called."""
    source = root.joinpath("project/settings/base.py").read_text()
    installed = modules.literal(source, "INSTALLED_APPS")
    return {name.rpartition(".")[2] for name in ast.literal_eval(installed)}


def _published(root: Path) -> tuple[set[str], set[str]]:
    """The first steps of the paths, and the schemas, of the committed document."""
    document = json.loads(root.joinpath(DOCUMENT).read_text())
    steps = {path.removeprefix("/api/v1/").partition("/")[0] for path in document["paths"]}
    return steps, {*document["components"]["schemas"]}
