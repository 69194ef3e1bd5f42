"""Where something goes into a document, or into settings: found by what stands there."""

import re
import tomllib
from itertools import takewhile

from backend.scaffold.refusal import Refused

_TEXT_COLUMN = 29  # of ARCHITECTURE.md's tree


def rows(text: str, *, rows: str, table: str, before: str) -> str:
    """A Markdown document with further rows before one of the table with this head."""
    lines = text.splitlines(keepends=True)
    start = _line(lines, table)
    place = start + _line([*takewhile(lambda line: line.startswith("|"), lines[start:])], before)
    return "".join([*lines[:place], rows, *lines[place:]])


def branch(tree: str, *, path: str, text: str, before: str) -> str:
    """A drawn tree with one more branch before another."""
    lines = tree.splitlines(keepends=True)
    place = _line(lines, before)
    return "".join([*lines[:place], f"{path:{_TEXT_COLUMN - 1}} {text}\n", *lines[place:]])


def news(text: str, *, entry: str, section: str, heading: str) -> str:
    """A changelog with one more entry under a heading, which the section gets if it has none."""
    lines = text.splitlines(keepends=True)
    start = _line(lines, section) + 1
    end = start + len([*takewhile(lambda line: not line.startswith("## "), lines[start:])])
    if f"{heading}\n" not in lines[start:end]:
        return "".join([*lines[:start], f"\n{heading}\n\n- {entry}\n", *lines[start:]])
    place = lines.index(f"{heading}\n", start) + 2
    while place < end and lines[place].startswith(("- ", "  ")):
        place += 1
    return "".join([*lines[:place], f"- {entry}\n", *lines[place:]])


def sibling(text: str, *, name: str, beside: str) -> str:
    """A text in which a row of siblings, ``a | b``, has one more at its end."""
    place = re.search(rf"{re.escape(beside)}(?: \| [\w.]+)*", text)
    if place is None:
        raise Refused(f"there is no {beside!r}")
    return f"{text[: place.end()]} | {name}{text[place.end() :]}"


def layered(text: str, *, module: str, beside: str) -> str:
    """``pyproject.toml`` with one more module beside those of a layer."""
    changed = sibling(text, name=module, beside=beside)
    contracts = tomllib.loads(changed)["tool"]["importlinter"]["contracts"]
    layers = [layer for contract in contracts for layer in contract.get("layers", ())]
    if not any(module in layer.split(" | ") for layer in layers):
        raise Refused(f"{beside!r} is no layer of an import contract")
    return changed


def _line(lines: list[str], beginning: str) -> int:
    for number, line in enumerate(lines):
        if line.startswith(beginning):
            return number
    raise Refused(f"there is no line that begins with {beginning.strip()!r}")
