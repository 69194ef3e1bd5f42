"""A worker: threads that run tasks, and the relay beside them."""

from contextlib import suppress

import redis
from django.db import InterfaceError, OperationalError

from backend.core.telemetry.log import logger
from backend.tasks import broker, execution
from backend.tasks.models import State, tasks
from backend.tasks.relay import Relay

STOP_SECONDS = 20


class TaskWorker:
    """Runs tasks from ``start`` until ``stop``. One to a process."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._worker = broker.worker(threads)
        self._relay = Relay()

    def start(self) -> None:
        """Begin."""
        self._worker.start()
        self._relay.start()
        logger.bind(threads=self._threads).info("worker started")

    def stop(self) -> None:
        """Let tasks finish, and hand back what takes longer than ``STOP_SECONDS``."""
        logger.info("worker stops")
        with suppress(redis.RedisError):  # what it had fetched comes again by itself
            self._worker.stop(timeout=STOP_SECONDS * 1000)
        self._relay.stop()
        logger.bind(handed_back=_hand_back()).info("worker stopped")


def _hand_back() -> int:
    left = tasks().filter(pk__in=execution.running(), state=State.RUNNING)
    try:
        return left.hand_back()
    except (OperationalError, InterfaceError):
        return 0  # the database is away: their leases run out
