"""``just restore``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, Error, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.utils.module_loading import autodiscover_modules

from backend.core import migrations
from backend.core.backups import engine, files
from backend.core.backups.aftermath import steps
from backend.core.backups.failure import BackupFailed
from backend.core.management.preparation import ask


class Command(BaseCommand):
    """Puts a backup in the place of the database, but for what must not come back."""

    help = (
        "Replace the whole database with a backup, after asking, all of it or nothing. Sessions "
        "and mailed links end, open tasks are parked. Stop server, workers and scheduler first."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="as `just backup` printed it")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_: Any, file: Path, yes: bool, **__: Any) -> None:
        try:
            _judge(file)
            self._ask(file, yes=yes)
            autodiscover_modules("restores")
            engine().replace(file, steps())
        except BackupFailed as failure:
            raise CommandError(f"Nothing was restored: {failure}") from None
        except Error as error:
            raise CommandError(f"Nothing was restored: {error} (see `just check-db`)") from None
        self._tell(file)

    def _ask(self, file: Path, *, yes: bool) -> None:
        self.stdout.write(f"{_described()}\nAll of it will be replaced with {file.name}.")
        connections.close_all()  # who waits for an answer holds no lock
        if not yes and not ask("Replace it?", default=False):
            raise CommandError("Nothing was restored. To restore without being asked: --yes")

    def _tell(self, file: Path) -> None:
        self.stdout.write(self.style.SUCCESS(f"Restored {file.name}."))
        for step in steps():
            self.stdout.write(step.tells)
        self.stdout.write("Who left after the backup was made is back: see docs/operations.md.")
        if pending := migrations.pending():
            told = f"{len(pending)} migrations are pending: just migrate"
            self.stdout.write(self.style.WARNING(told))


def _judge(file: Path) -> None:
    """Refuse what cannot be restored here, before anybody is asked."""
    files.verify(file)
    with file.open("rb") as content:
        if content.read(len(engine().MAGIC)) != engine().MAGIC:
            raise BackupFailed(f"{file} is no backup of {connection.display_name}")
    applied = engine().migrations_of(file)
    if not applied:
        raise BackupFailed(f"{file} is of another program: it has no migrations")
    if unknown := sorted(applied - _known()):
        newest = ".".join(unknown[-1])
        raise BackupFailed(f"{file} is of a newer version ({newest}): deploy that one first")


def _known() -> set[tuple[str, str]]:
    """The migrations of this version, and those that they have replaced."""
    there = MigrationLoader(None).disk_migrations
    return {*there, *(old for migration in there.values() for old in migration.replaces)}


def _described() -> str:
    """What is there now."""
    name = connection.settings_dict["NAME"]
    host = connection.settings_dict.get("HOST")
    where = f"The database {name} at {host}" if host else f"The database {name}"
    try:
        return f"{where} holds {'accounts' if _has_accounts() else 'no accounts'}."
    except DatabaseError:
        return f"{where} is empty, or of another version."


def _has_accounts() -> bool:
    return get_user_model().objects.exists()
