"""The texts: one small template per mail, of which plain text and HTML are both made.

A text begins with lines ``Name: value`` up to the first empty line; paragraphs follow. Nothing is
escaped here. The layouts do that, the HTML one for HTML.
"""

import re
from dataclasses import dataclass

from django.template import Context, Engine

_EMPTY_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Text:
    """The words of one mail."""

    paragraphs: list[str]
    subject: str
    action: str = ""  # what stands on the button
    reason: str = ""  # why the person got this mail, where it is not the usual one


def plain(name: str, **context: object) -> str:
    """A template of plain text, rendered."""
    template = Engine.get_default().get_template(f"mails/{name}.txt")
    return template.render(Context(context, autoescape=False)).strip() + "\n"


def read(name: str, **context: object) -> Text:
    """The text of a mail."""
    head, *paragraphs = _EMPTY_LINE.split(plain(name, **context))
    return Text(paragraphs=[_one_line(paragraph) for paragraph in paragraphs], **_fields(head))


def fields(name: str, **context: object) -> dict[str, str]:
    """A template that has nothing but lines ``Name: value``."""
    return _fields(plain(name, **context))


def _fields(head: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.splitlines() if line.strip())
    return {name.strip().lower(): _one_line(value) for name, _, value in pairs}


def _one_line(text: str) -> str:
    """Without the template's line breaks; what sends the text decides where its lines end."""
    return " ".join(text.split())
