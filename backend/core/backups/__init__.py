"""Backups of the database, whichever it is: written, read, and put back in one transaction."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from django.db import connection

from backend.core.backups import postgresql, sqlite
from backend.core.backups.aftermath import Step


class Engine(Protocol):
    """What a kind of database knows of its backups.

    Attributes:
        SUFFIX: What their names end in.
        MAGIC: What they begin with.
    """

    SUFFIX: str
    MAGIC: bytes

    def write(self, path: Path) -> None:
        """Fill an empty file with a consistent copy of the database, while others use it."""

    def migrations_of(self, path: Path) -> set[tuple[str, str]]:
        """The migrations that a backup had applied: app and name."""

    def replace(self, path: Path, steps: Iterable[Step]) -> None:
        """Put a backup in the database's place and take the steps, all of it or nothing."""


ENGINES: dict[str, Engine] = {"postgresql": postgresql, "sqlite": sqlite}


def engine() -> Engine:
    """That of the database in use."""
    return ENGINES[connection.vendor]
