"""What commands for developers do first: find the database, and bring it up to date."""

import sys

from django.core.management import call_command
from django.core.management.base import BaseCommand

from backend.core import migrations


def prepare_database(command: BaseCommand) -> None:
    """Check that the database answers, and offer to migrate; without a terminal do it unasked.

    Raises:
        CommandError: the database does not answer.
    """
    call_command("check_database", stdout=command.stdout)
    pending = migrations.pending()
    if not pending:
        return
    command.stdout.write(f"{len(pending)} migrations are pending.")
    if ask("Apply them now?", default=True):
        call_command("migrate", verbosity=0)
        command.stdout.write(command.style.SUCCESS("Migrated."))
    else:
        command.stdout.write(command.style.WARNING("Going on without them: expect errors."))


def ask(question: str, *, default: bool) -> bool:
    """Ask a question with two answers. Where nobody can be asked, the default is the answer."""
    if not sys.stdin.isatty():
        return default
    answer = input(f"{question} [{'Y/n' if default else 'y/N'}] ").strip().lower()
    return answer in {"y", "yes"} if answer else default
