"""The project's source, as trees."""

import ast
from functools import cache
from pathlib import Path

from tests.service import ROOT


def modules(*patterns: str) -> list[Path]:
    """The modules of the project that match, without migrations; there is always one."""
    found = sorted(
        path.relative_to(ROOT)
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if "migrations" not in path.parts
    )
    assert found, f"nothing matches {patterns}: the rule would hold for nothing"
    return found


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text())


def imports(module: Path) -> set[str]:
    """The names that a module imports, in full."""
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def names(module: Path) -> set[str]:
    """The dotted names that a module uses: ``os.environ`` of ``os.environ["A"]``."""
    return {
        ast.unparse(node)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute | ast.Name)
    }


def where(module: Path, node: ast.AST) -> str:
    """What an editor opens."""
    return f"{module}:{getattr(node, 'lineno', 0)}"
