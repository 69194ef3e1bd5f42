"""``just check-db``: is the database there."""

import time
from argparse import ArgumentParser
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.utils import Error

PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    """Connects, says what it found, and exits 1 if it found nothing."""

    help = "Check that the database answers."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--wait",
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="try for so long (default: once)",
        )

    def handle(self, *_: Any, wait: float, **__: Any) -> None:
        deadline = time.monotonic() + wait
        while True:
            started = time.perf_counter()
            try:
                version = _version()
            except Error as error:
                if time.monotonic() + PAUSE_SECONDS > deadline:
                    raise CommandError(f"The database does not answer: {_reason(error)}") from None
                time.sleep(PAUSE_SECONDS)
            else:
                milliseconds = (time.perf_counter() - started) * 1000
                self.stdout.write(self.style.SUCCESS(f"{version} answers in {milliseconds:.1f} ms"))
                return


def _version() -> str:
    with connection.cursor() as cursor:
        query = {"postgresql": "SHOW server_version", "sqlite": "SELECT sqlite_version()"}
        cursor.execute(query[connection.vendor])
        return f"{connection.display_name} {cursor.fetchone()[0]}"


def _reason(error: Error) -> str:
    """What the driver says at last, and where to look."""
    database = connection.settings_dict
    where = f"{database['HOST']}:{database['PORT']}" if database["HOST"] else database["NAME"]
    said = str(_without_pool() or error).strip().splitlines()
    reason = said[-1] if said else type(error).__name__
    return f"{reason} (at {where}; see DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASSWORD)"


def _without_pool() -> Exception | None:
    """The reason a direct connection gives: the pool only tells that none came in time."""
    if connection.vendor != "postgresql":
        return None
    try:
        psycopg.connect(**connection.get_connection_params()).close()
    except psycopg.Error as error:
        return error
    return None
