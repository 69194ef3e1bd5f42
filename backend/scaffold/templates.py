"""The files of a new app, from the templates: Python with ``$placeholders`` (``Names.forms``)."""

import ast
from pathlib import Path
from string import Template

from backend.scaffold.names import Names

FOLDER = Path(__file__).parent / "templates"
SUFFIX = ".txt"  # so that no tool takes them for modules


def rendered(names: Names) -> dict[str, str]:
    """The text of every file, by its path in the project."""
    places = {"app": f"backend/{names.plural}", "tests": f"tests/{names.plural}"}
    return {
        f"{place}/{template.relative_to(FOLDER / kind)}".removesuffix(SUFFIX): render(
            template, names
        )
        for kind, place in places.items()
        for template in sorted((FOLDER / kind).rglob(f"*{SUFFIX}"))
    }


def render(template: Path, names: Names) -> str:
    """A template with these names in their places."""
    return Template(template.read_text()).substitute(names.forms)


def taken() -> set[str]:
    """The names that the templates use for themselves: nothing of an app can be called so."""
    texts = rendered(Names("apps_", "one_")).values()
    return {name for text in texts for node in ast.walk(ast.parse(text)) for name in _named(node)}


def _named(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(name) | ast.arg(name) | ast.FunctionDef(name) | ast.ClassDef(name):
            return {name}
        case ast.alias(name, asname):
            return {asname or name}
        case _:
            return set()
