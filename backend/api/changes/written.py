"""The breaking changes that somebody has answered for: ``tests/api/breaking.toml``."""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from backend.api.changes.change import Change

EMPTY = """\
# The changes since the last release that can break a client, one [[change]] each: "what", in the
# words of `just openapi --check`, and "why", with what clients should do. See docs/versions.md.
"""


def read(path: Path) -> dict[str, str]:
    """The reasons by change."""
    entries = tomllib.loads(path.read_text()) if path.exists() else {}
    return {entry["what"]: entry["why"] for entry in entries.get("change", ())}


def faults(changes: Iterable[Change], entries: dict[str, str], path: Path) -> list[str]:
    """What is wrong with the entries: missing ones, stale ones, those without a reason."""
    breaking = {str(change) for change in changes if change.is_breaking}
    missing = [what for what in sorted(breaking) if what not in entries]
    found = [f"{path} says nothing about a breaking change. Add:\n\n{_entry(w)}" for w in missing]
    found += [f"{path} names what is no breaking change: {w}" for w in entries if w not in breaking]
    return found + [f"{path} gives no reason for: {w}" for w, why in entries.items() if not why]


def _entry(what: str) -> str:
    return f'[[change]]\nwhat = {json.dumps(what, ensure_ascii=False)}\nwhy = ""\n'
