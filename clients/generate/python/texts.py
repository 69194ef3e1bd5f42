"""Docstrings."""

import textwrap
from collections.abc import Iterable, Mapping

WIDTH = 100
QUOTES = '"""'
NOTHING: Mapping[str, str] = {}


def docstring(
    text: str, *, indent: int, listed: Iterable[str] = (), raises: Mapping[str, str] = NOTHING
) -> str:
    """A docstring: what is said, what is known about arguments, and what is raised when."""
    first, dot, rest = text.replace("\\", "\\\\").replace(QUOTES, '"').partition(". ")
    paragraphs = [[first + dot.strip()]]
    if rest:
        paragraphs.append(_wrapped(rest, indent))
    items = [line for item in listed for line in _wrapped(f"- {item}", indent, hanging="  ")]
    if items:
        paragraphs.append(items)
    if raises:
        said = (f"    {name}: {meaning}" for name, meaning in raises.items())
        paragraphs.append(["Raises:", *said])
    return textwrap.indent(_joined(paragraphs), " " * indent)


def _joined(paragraphs: list[list[str]]) -> str:
    body = "\n\n".join("\n".join(lines) for lines in paragraphs)
    return f"{QUOTES}{body}{QUOTES}" if "\n" not in body else f"{QUOTES}{body}\n{QUOTES}"


def _wrapped(text: str, indent: int, hanging: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH - indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
