"""``just openapi``: the committed OpenAPI document, and what has changed for clients."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.api import changes
from backend.api.v1 import api

COMMITTED = Path("tests/api/openapi.json")
RELEASED = Path("tests/api/released.json")
BREAKING = Path("tests/api/breaking.toml")


class Command(BaseCommand):
    """Writes the document, checks it, or makes it the one that clients are promised."""

    help = f"Write the OpenAPI document to {COMMITTED}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        action = parser.add_mutually_exclusive_group()
        action.add_argument(
            "--check",
            action="store_true",
            help="write nothing; tell what has changed since the last release, and fail if the "
            f"committed document is stale or {BREAKING} does not answer for a breaking change",
        )
        action.add_argument(
            "--release",
            action="store_true",
            help=f"make the present document the released one, {RELEASED}",
        )

    def handle(self, *_: Any, check: bool, release: bool, **__: Any) -> None:
        text = json.dumps(api.get_openapi_schema(), indent=2, ensure_ascii=False) + "\n"
        if not check:
            _write(COMMITTED, text)
            self.stdout.write(f"Wrote {COMMITTED}")
        elif not COMMITTED.exists() or COMMITTED.read_text() != text:
            raise CommandError(f"{COMMITTED} is stale: run `just openapi`, and read what changed.")
        if check or release:
            self._compare(json.loads(text), is_first=release and not RELEASED.exists())
        if release:
            _write(RELEASED, text)
            _write(BREAKING, changes.EMPTY)
            self.stdout.write(f"{RELEASED} is what clients are promised from now on.")

    def _compare(self, document: Any, *, is_first: bool) -> None:
        """Tell what has changed since the last release."""
        if is_first:
            return
        if not RELEASED.exists():
            raise CommandError(f"{RELEASED} is missing: `just openapi --release` writes it.")
        found = changes.compare(json.loads(RELEASED.read_text()), document)
        entries = changes.read(BREAKING)
        for is_breaking, title in ((True, "breaking"), (False, "compatible")):
            of_kind = [change for change in found if change.is_breaking is is_breaking]
            self.stdout.write(f"Since the last release: {len(of_kind)} {title}")
            for change in of_kind:
                self.stdout.write(f"  {change}")
                if reason := entries.get(str(change)):
                    self.stdout.write(f"    {reason}")
        if faults := changes.faults(found, entries, BREAKING):
            raise CommandError("\n".join(faults))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
