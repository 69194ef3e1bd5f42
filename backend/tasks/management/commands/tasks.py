"""``just tasks``: what is waiting, failed and parked, and what to do about it."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.timesince import timesince

from backend.core.errors import NotFound
from backend.tasks import services
from backend.tasks.models import State, Task

SHOWN = 50


class Command(BaseCommand):
    """Lists open tasks; ``retry`` and ``drop`` decide about single ones."""

    help = "List open tasks, the parked ones first; retry or drop them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="retry | drop")
        retry = actions.add_parser("retry", help="try a task now, with all its attempts before it")
        which = retry.add_mutually_exclusive_group(required=True)
        which.add_argument("id", nargs="?", type=UUID, help="as the list shows it")
        which.add_argument("--all", action="store_true", help="every parked task")
        drop = actions.add_parser("drop", help="remove a task that will not be done")
        drop.add_argument("id", type=UUID, help="as the list shows it")

    def handle(self, *_: Any, **options: Any) -> None:
        actions = {None: self._list, "retry": self._retry, "drop": self._drop}
        try:
            actions[options["action"]](**options)
        except NotFound:
            raise CommandError("There is no such task, or it is running or done.") from None

    def _list(self, **_: Any) -> None:
        found = list(services.open_tasks()[: SHOWN + 1])
        if not found:
            self.stdout.write("Nothing is waiting, nothing has failed.")
            return
        self.stdout.write(f"{'id':<36}  {'state':<8} {'tries':>5}  {'age':<20} task")
        for row in found[:SHOWN]:
            self._show(row)
        if len(found) > SHOWN:
            self.stdout.write("… and more.")

    def _show(self, row: Task) -> None:
        age = timesince(row.created_at, timezone.now(), depth=1).replace("\xa0", " ")
        self.stdout.write(f"{row.pk}  {_condition(row):<8} {row.attempts:>5}  {age:<20} {row.name}")
        if row.error:
            self.stdout.write(self.style.ERROR(f"    {row.error}"))

    def _retry(self, **options: Any) -> None:
        if options["all"]:
            self.stdout.write(f"{services.retry_parked()} tasks will be tried again.")
            return
        services.retry(options["id"])
        self.stdout.write("It will be tried now.")

    def _drop(self, **options: Any) -> None:
        services.drop(options["id"])
        self.stdout.write("Dropped.")


def _condition(row: Task) -> str:
    """The state, telling those that wait for their first try from those that have failed."""
    return "failed" if row.state == State.WAITING and row.attempts else row.state
