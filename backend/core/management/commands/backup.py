"""``just backup``."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from django.utils import timezone

from backend.core.backups import engine
from backend.core.backups.failure import BackupFailed
from backend.core.backups.files import written


class Command(BaseCommand):
    """Writes a backup with a checksum beside it, and prints its path."""

    help = "Copy the database into a file for its owner alone, and print its path."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--into",
            type=Path,
            default=settings.ROOT / "backups",
            metavar="FOLDER",
            help="where to (default: backups/)",
        )

    def handle(self, *_: Any, into: Path, **__: Any) -> None:
        target = into.absolute() / f"{timezone.now():%Y%m%dT%H%M%SZ}-{_name()}{engine().SUFFIX}"
        try:
            with written(target) as path:
                engine().write(path)
        except (BackupFailed, OSError) as failure:
            raise CommandError(f"There is no backup: {failure}") from None
        except Error as error:
            raise CommandError(f"There is no backup: {error} (see `just check-db`)") from None
        self.stdout.write(str(target))


def _name() -> str:
    """The database's, as far as it can be part of a file's."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", Path(str(connection.settings_dict["NAME"])).stem)
