"""``just seed``: people to try things out with."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from itertools import batched
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backend.core.management.preparation import ask, prepare_database
from backend.users import passwords
from backend.users.models import User

USER_PASSWORD = "password123"  # noqa: S105  (demo data, refused outside development)
ADMIN_EMAIL, ADMIN_PASSWORD = "admin@example.com", "admin123"
BATCH = 500
_BAR_FROM, _BAR_WIDTH = 1000, 40


class Command(BaseCommand):
    """Fills the database with demo users; what is there already stays as it is."""

    help = (
        f"Add demo users testuser1@example.com, … with the password {USER_PASSWORD}. "
        "Only with DEBUG=true. Running it twice adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--users", type=_amount, default=10, metavar="N", help="how many (default: 10)"
        )
        parser.add_argument(
            "--admin", action="store_true", help=f"also {ADMIN_EMAIL} with {ADMIN_PASSWORD}"
        )
        parser.add_argument(
            "--clear", action="store_true", help="first remove all users, after asking"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_: Any, users: int, admin: bool, clear: bool, yes: bool, **__: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo users have known passwords: only with DEBUG=true.")
        prepare_database(self)
        if clear:
            self._clear(yes=yes)
        added = self._add_users(users)
        self.stdout.write(
            self.style.SUCCESS(f"{added} users added, {users - added} were there already.")
        )
        if admin:
            self._add_admin()

    def _clear(self, *, yes: bool) -> None:
        if not yes and not ask("Remove ALL users?", default=False):
            raise CommandError("Nothing was removed. To remove all users without asking: --yes")
        removed, _ = User.objects.all().delete()
        self.stdout.write(f"{removed} rows removed.")

    def _add_users(self, amount: int) -> int:
        before = User.objects.count()
        # One hash for all of them: a thousand would take half a minute, and the password is known.
        encoded = passwords.hash_password(USER_PASSWORD)
        rows = (_demo_user(number, encoded) for number in range(1, amount + 1))
        for batch in self._with_bar(batched(rows, BATCH), amount):
            User.objects.bulk_create(batch, ignore_conflicts=True)
        return User.objects.count() - before

    def _with_bar(self, batches: Iterator[tuple[User, ...]], total: int) -> Iterator[list[User]]:
        """Show how far it is where it takes a while and somebody looks."""
        shown = total >= _BAR_FROM and sys.stdout.isatty()
        done = 0
        for batch in batches:
            yield list(batch)
            done += len(batch)
            if shown:
                filled = _BAR_WIDTH * done // total
                bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
                self.stdout.write(f"\r  {bar} {done}/{total}", ending="" if done < total else "\n")
                self.stdout.flush()

    def _add_admin(self) -> None:
        if User.objects.filter(email=ADMIN_EMAIL).exists():
            self.stdout.write(f"{ADMIN_EMAIL} was there already.")
            return
        User.objects.create_superuser(ADMIN_EMAIL, ADMIN_PASSWORD, email_verified=True)
        self.stdout.write(self.style.SUCCESS(f"{ADMIN_EMAIL} added."))


def demo_address(number: int) -> str:
    """The address of a demo user, counted from 1."""
    return f"testuser{number}@example.com"


def _demo_user(number: int, encoded: str) -> User:
    user = User(
        email=demo_address(number),
        first_name="Test",
        last_name=f"User {number}",
        email_verified=True,
        password=encoded,
    )
    user.search_text = user.searched()
    return user


def _amount(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError("must be a number, 0 or more")
    return int(text)
