"""Worker and scheduler inside the server's own process, where no Redis joins several."""

from threading import Thread

from django.conf import settings

from backend.tasks.scheduler import Scheduler
from backend.tasks.worker import TaskWorker

THREADS = 2


class Embedded:
    """Both, from ``start`` until ``stop``."""

    def __init__(self) -> None:
        self._worker = TaskWorker(THREADS)
        self._scheduler = Scheduler()
        self._thread = Thread(target=self._scheduler.run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._worker.start()
        self._thread.start()

    def stop(self) -> None:
        """Let tasks finish."""
        self._scheduler.stop()
        self._worker.stop()
        self._thread.join()


_embedded: Embedded | None = None


def start() -> None:
    """Run tasks in this process, unless a broker carries them to workers."""
    global _embedded  # noqa: PLW0603  (one to a process)
    if settings.TASKS_REDIS_URL or _embedded is not None:
        return
    _embedded = Embedded()
    _embedded.start()


def stop() -> None:
    """End what ``start`` began."""
    global _embedded  # noqa: PLW0603  (one to a process)
    if _embedded is not None:
        _embedded.stop()
        _embedded = None
