"""Where something goes into a module that people have written: found by its syntax tree."""

import ast
import re

from backend.scaffold.refusal import Refused


def imported(source: str, *, line: str) -> str:
    """A module with one more import, behind the last; ruff sorts it in."""
    imports = [n for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom)]
    if not imports:
        raise Refused("there is no import to put another one behind")
    place = _end(source, imports[-1])
    return f"{source[:place]}\n{line}{source[place:]}"


def element(source: str, *, element: str, of: str, key: str = "", before: str = "") -> str:
    """A module with one more element in the list or dict that is called ``of``.

    With a ``key`` it is the list under that key of the dict. It goes to the end, or ``before``
    another element; ruff brings it into form.

    Raises:
        Refused: there is no such list or dict, it has no such element, or it has the new one.
    """
    collection = literal(source, of, key)
    elements = {ast.unparse(node): node for node in _elements(collection)}
    new = ast.unparse(*_elements(_parsed(f"{{{element}}}")))
    if new in elements:
        raise Refused(f"{of} has {new} already")
    if not before:
        return _append(source, element, collection)
    neighbour = elements.get(ast.unparse(_parsed(before)))
    if neighbour is None:
        raise Refused(f"{of} has no {before}")
    place = _offset(source, neighbour.lineno, neighbour.col_offset)
    return f"{source[:place]}{element}, {source[place:]}"


def literal(source: str, name: str, key: str = "") -> ast.List | ast.Dict:
    """The list or dict that a module calls by this name, or the one under a key of it.

    Raises:
        Refused: there is none.
    """
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in _targets(node):
            value = _under(node.value, key) if key else node.value
            if isinstance(value, ast.List | ast.Dict):
                return value
    raise Refused(f"there is no list or dict called {name}{f'[{key!r}]' if key else ''}")


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _under(node: ast.expr | None, key: str) -> ast.expr | None:
    if not isinstance(node, ast.Dict):
        return None
    found = [v for k, v in zip(node.keys, node.values, strict=True) if k and _is(k, key)]
    return found[0] if found else None


def _is(node: ast.expr, value: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _elements(collection: ast.expr) -> list[ast.expr]:
    """What tells elements apart: of a dict the keys."""
    if isinstance(collection, ast.Dict):
        return [key for key in collection.keys if key]
    return collection.elts if isinstance(collection, ast.List | ast.Set) else []


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _append(source: str, element: str, collection: ast.List | ast.Dict) -> str:
    """To the end: behind the last comma, or else with one, so that ruff keeps the form."""
    values = collection.values if isinstance(collection, ast.Dict) else collection.elts
    bracket = _end(source, collection) - 1
    place = _end(source, values[-1]) if values else bracket
    ends_with_comma = "," in re.sub(r"#.*", "", source[place:bracket])
    if ends_with_comma or not values:
        return f"{source[:bracket]}{element}{',' * ends_with_comma}\n{source[bracket:]}"
    return f"{source[:place]}, {element}{source[place:]}"


def _end(source: str, node: ast.expr | ast.stmt) -> int:
    return _offset(source, node.end_lineno or 0, node.end_col_offset or 0)


def _offset(source: str, line: int, column: int) -> int:
    """Where a node's line and column, which counts bytes, are in the text."""
    lines = source.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())
