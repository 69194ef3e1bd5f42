"""The relay of the outbox: brings to the broker what no nudge has, and takes from dead workers.

It runs beside the threads of every worker. Any number of relays share the work by ``SKIP LOCKED``.
"""

import time
from threading import Event, Thread

import redis
from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models.functions import Now

from backend.core import breaker
from backend.core.telemetry.log import logger
from backend.tasks import broker, canaries, execution, registry
from backend.tasks.models import LEASE, PUBLISH_AGAIN_AFTER, tasks

TICK_SECONDS = 1.0
BATCH = 200


class Relay(Thread):
    """A thread that looks once a second."""

    def __init__(self) -> None:
        super().__init__(name="relay", daemon=True)
        self._stopped = Event()
        self._stumbled_over = ""
        self._blind_until = 0.0

    def run(self) -> None:
        """Look until stopped. A server that is away is looked for again."""
        while not self._stopped.wait(TICK_SECONDS):
            try:
                tick(frees=time.monotonic() >= self._blind_until)
                self._stumbled_over = ""
            except redis.RedisError as error:
                breaker.tasks.failed(type(error).__name__)
            except (OperationalError, InterfaceError) as error:
                # Nobody could renew a lease meanwhile: who is alive gets the time to do it first.
                self._blind_until = time.monotonic() + LEASE.total_seconds()
                if not breaker.database.is_open:  # it has told already
                    self._tell(type(error).__name__)
            except Exception as error:  # noqa: BLE001  (the relay outlives whatever it meets)
                self._tell(type(error).__name__)
            finally:
                connections.close_all()

    def _tell(self, error: str) -> None:
        """Once, not every second."""
        if error != self._stumbled_over:
            self._stumbled_over = error
            logger.opt(exception=True).error("the relay stumbled")

    def stop(self) -> None:
        """End with the current look."""
        self._stopped.set()
        self.join()


def tick(*, frees: bool = True) -> None:
    """Keep the leases of this process, free those of dead ones, publish what is due, ask queues."""
    if mine := execution.running():
        tasks().filter(pk__in=mine).renew()
    if frees and (freed := tasks().abandoned().hand_back(error="Its worker died")):
        logger.bind(tasks=freed).warning("a worker died; its tasks run again")
    for queue in registry.queues():
        while publish_due(queue, limit=min(BATCH, broker.room(queue))) == BATCH:
            pass
    for queue in canaries.due():
        broker.send_canary(queue)


def publish_due(queue: str, *, limit: int) -> int:
    """Publish tasks that should be in the broker by now. Returns how many."""
    if not limit or not tasks().unpublished().filter(queue=queue).exists():
        return 0
    with transaction.atomic():
        rows = tasks().unpublished().filter(queue=queue).select_for_update(skip_locked=True)
        found = list(rows.values_list("pk", "name")[:limit])
        taken = tasks().filter(pk__in=[pk for pk, _ in found])
        taken.update(publish_at=Now() + PUBLISH_AGAIN_AFTER)
    unsent = [pk for pk, name in found if not broker.publish(pk, queue, _time_limit(name))]
    if unsent:
        tasks().filter(pk__in=unsent).update(publish_at=Now())
    return len(found) - len(unsent)


def _time_limit(name: str) -> int:
    declared = registry.find(name)
    return declared.time_limit if declared else registry.TIME_LIMIT_SECONDS
