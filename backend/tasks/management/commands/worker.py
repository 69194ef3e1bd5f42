"""``just worker``."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from backend.tasks import metrics_server
from backend.tasks.signals import wait_for_the_end
from backend.tasks.worker import TaskWorker


class Command(BaseCommand):
    """Runs tasks until it is told to stop; then lets those under way finish. Start any number."""

    help = "Run tasks until SIGTERM or Ctrl+C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--threads",
            type=int,
            default=settings.WORKER_THREADS,
            metavar="N",
            help=f"how many tasks at once (default: WORKER_THREADS, {settings.WORKER_THREADS})",
        )

    def handle(self, *_: Any, threads: int, **__: Any) -> None:
        worker = TaskWorker(threads)
        metrics_server.start()
        with wait_for_the_end():
            worker.start()
        worker.stop()
