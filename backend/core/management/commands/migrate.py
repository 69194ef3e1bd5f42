"""``just migrate``: Django's command, safe beside a service under load."""

import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.migrations import Migration

from backend.core.postgresql.migrating import (
    LOCK_TIMEOUT,
    alone,
    limit_locks,
    met_a_lock,
    unhurried,
)

TRIES = 5
PAUSE_SECONDS = 5.0


class Command(migrate.Command):
    """Migrates with its own time limits, and tries again where somebody holds a lock."""

    def handle(self, *args: Any, **options: Any) -> None:
        self.connection = connections[options["database"]]
        only_looks = options["plan"] or options["check_unapplied"]
        if only_looks or self.connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with alone(self.connection, tell=self._tell_of_another):
            for tries_left in reversed(range(TRIES)):
                if self._migrates(*args, tries_left=tries_left, **options):
                    return

    def migration_progress_callback(
        self, action: str, migration: Migration | None = None, fake: bool = False
    ) -> None:
        """Django's, which also tells what begins."""
        begins = action in {"apply_start", "unapply_start"}
        if migration and begins and self.connection.vendor == "postgresql":
            # What runs outside a transaction is made for load: it waits long, and keeps nobody.
            limit_locks(self.connection, LOCK_TIMEOUT if migration.atomic else "0")
        super().migration_progress_callback(action, migration, fake)

    def _migrates(self, *args: Any, tries_left: int, **options: Any) -> bool:
        """Whether it went through; what had gone through before stays."""
        try:
            with unhurried(self.connection):
                super().handle(*args, **options)
        except OperationalError as error:
            if not met_a_lock(error):
                raise
            if not tries_left:
                raise CommandError(
                    f"Somebody held a lock for longer than {LOCK_TIMEOUT}, {TRIES} times. What was "
                    "applied before it stays; call this again (docs/operations.md tells who it was)"
                ) from None
            self.stdout.write(self.style.WARNING("\nSomebody holds a lock: trying again."))
            time.sleep(PAUSE_SECONDS)
            return False
        return True

    def _tell_of_another(self) -> None:
        self.stdout.write("Another process is migrating: waiting for it.")
