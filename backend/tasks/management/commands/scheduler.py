"""``just scheduler``."""

from threading import Thread
from typing import Any

from django.core.management.base import BaseCommand

from backend.tasks.scheduler import Scheduler
from backend.tasks.signals import wait_for_the_end


class Command(BaseCommand):
    """Does timed work until it is told to stop. Start any number: one leads."""

    help = "Do timed work until SIGTERM or Ctrl+C."

    def handle(self, *_: Any, **__: Any) -> None:
        scheduler = Scheduler()
        thread = Thread(target=scheduler.run, name="scheduler")
        with wait_for_the_end():
            thread.start()
        scheduler.stop()
        thread.join()
