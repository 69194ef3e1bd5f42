"""``just purge``."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from backend.tasks.purging import purge


class Command(BaseCommand):
    """Removes what has had its time, and says how much of what."""

    help = (
        "Remove expired sessions, used links, old tasks and events. The scheduler does it hourly."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        for what, count in purge(now=timezone.now()).items():
            self.stdout.write(f"{count:>8} {what}")
