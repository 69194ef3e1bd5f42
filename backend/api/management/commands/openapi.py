"""``just openapi``: the committed form of the OpenAPI document."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.api.v1 import api

COMMITTED = Path("tests/api/openapi.json")


class Command(BaseCommand):
    """Writes the document, or checks that the committed one is up to date."""

    help = f"Write the OpenAPI document to {COMMITTED}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing, fail if it is stale"
        )

    def handle(self, *_: Any, check: bool, **__: Any) -> None:
        text = json.dumps(api.get_openapi_schema(), indent=2, ensure_ascii=False) + "\n"
        if not check:
            COMMITTED.parent.mkdir(parents=True, exist_ok=True)
            COMMITTED.write_text(text)
            self.stdout.write(f"Wrote {COMMITTED}")
        elif not COMMITTED.exists() or COMMITTED.read_text() != text:
            raise CommandError(f"{COMMITTED} is stale: run `just openapi`, and read what changed.")
