"""The map from OWASP's standards to the tests, in docs/security.md, leads somewhere."""

import ast
import re
from functools import cache
from pathlib import Path

from tests.service import ROOT

TESTS = ROOT / "tests"
DOCUMENT = (ROOT / "docs" / "security.md").read_text()
STANDARDS = DOCUMENT.partition("## Held against the standards")[2]
NAMED = sorted({*re.findall(r"`(?:tests/)?((?:\w+/)*test_\w+\.py(?:::\w+)*)`", DOCUMENT)})

# The requirements of levels 1 and 2 in ASVS 5.0.0, as `section: numbers`. Chapters 5 (files), 10
# (OAuth) and 17 (WebRTC) do not apply.
REQUIREMENTS = """
    1.1: 1-2   1.2: 1-9   1.3: 1-11  1.4: 1-3  1.5: 1-2
    2.1: 1-3   2.2: 1-3   2.3: 1-4   2.4: 1-1
    3.2: 1-2   3.3: 1-4   3.4: 1-6   3.5: 1-5  3.7: 1-2
    4.1: 1-3   4.2: 1-1   4.3: 1-2   4.4: 1-4
    6.1: 1-3   6.2: 1-12  6.3: 1-4   6.4: 1-4  6.5: 1-5  6.6: 1-3  6.8: 1-4
    7.1: 1-3   7.2: 1-4   7.3: 1-2   7.4: 1-5  7.5: 1-2  7.6: 1-2
    8.1: 1-2   8.2: 1-3   8.3: 1-1   8.4: 1-1
    9.1: 1-3   9.2: 1-4
    11.1: 1-2  11.2: 1-3  11.3: 1-3  11.4: 1-4  11.5: 1-1  11.6: 1-1
    12.1: 1-3  12.2: 1-2  12.3: 1-4
    13.1: 1-1  13.2: 1-5  13.3: 1-2  13.4: 1-5
    14.1: 1-2  14.2: 1-4  14.3: 1-3
    15.1: 1-3  15.2: 1-3  15.3: 1-7
    16.1: 1-1  16.2: 1-5  16.3: 1-4  16.4: 1-3  16.5: 1-3
"""
RISKS = [f"API{number}" for number in range(1, 11)]


def required() -> list[str]:
    """Every requirement by its number."""
    sections = re.findall(r"(\d+\.\d+): (\d+)-(\d+)", REQUIREMENTS)
    return [f"{it}.{n}" for it, first, last in sections for n in range(int(first), int(last) + 1)]


def mapped() -> list[str]:
    """Every requirement that has a row, as often as it has one; ranges are spelt out."""
    found: list[str] = []
    for cell in re.findall(r"^\| (\d+\.\d+\.\d+[^|]*) \|", STANDARDS, re.MULTILINE):
        for part in cell.split(", "):
            first, _, last = part.partition("\N{EN DASH}")
            section, _, number = first.rpartition(".")
            end = last.rpartition(".")[2] or number
            found += [f"{section}.{n}" for n in range(int(number), int(end) + 1)]
    return found


@cache
def names_in(path: Path) -> set[str]:
    """Every class and test of a module, as they are named behind its path."""
    names: set[str] = {""}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            methods = [it.name for it in node.body if isinstance(it, ast.FunctionDef)]
            names |= {f"::{node.name}", *(f"::{node.name}::{name}" for name in methods)}
        elif isinstance(node, ast.FunctionDef):
            names.add(f"::{node.name}")
    return names


def there_is(name: str) -> bool:
    """Whether a test, or a module of tests, is where it is said to be."""
    path, colons, inside = name.partition("::")
    return (TESTS / path).is_file() and colons + inside in names_in(TESTS / path)


class TestMap:
    def test_names_tests_that_there_are(self) -> None:
        assert [name for name in NAMED if not there_is(name)] == []

    def test_has_one_row_for_every_requirement(self) -> None:
        assert sorted(mapped()) == sorted(required())

    def test_has_one_row_for_every_risk(self) -> None:
        assert re.findall(r"^\| (API\d+) ", STANDARDS, re.MULTILINE) == RISKS

    def test_says_in_every_row_what_holds_it_or_why_nothing_does(self) -> None:
        rows = re.findall(r"^\| (?:API\d|\d+\.\d+\.\d)[^\n]*", STANDARDS, re.MULTILINE)
        assert len(rows) > 100
        assert [row for row in rows if len(row.split("|")[-2].strip()) < 10] == []

    def test_is_of_many_tests(self) -> None:
        assert len(NAMED) > 100
        attacks = {*(path.name for path in TESTS.glob("attacks/test_*.py")), "test_the_map.py"}
        assert {name.rpartition("/")[2].partition("::")[0] for name in NAMED} >= attacks
