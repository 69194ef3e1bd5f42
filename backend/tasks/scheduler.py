"""Timed work: any number of schedulers may be started, one of them leads."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from uuid import uuid4

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connections
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from backend.core import breaker
from backend.core.telemetry.log import logger
from backend.tasks.models import Leader
from backend.tasks.purging import purge

LEASE = timedelta(seconds=10)
TICK_SECONDS = 2.0
AGAIN_SECONDS = 60.0  # after a job has failed
ROLE = "scheduler"


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do again and again. ``run`` is told how to ask whether it may go on."""

    name: str
    every: timedelta
    run: Callable[[Callable[[], bool]], None]


def _purge(goes_on: Callable[[], bool]) -> None:
    removed = purge(now=timezone.now(), goes_on=goes_on)
    fields = {what.replace(" ", "_"): count for what, count in removed.items()}
    logger.bind(**fields).info("purged")


JOBS = [Job("purge", timedelta(hours=1), _purge)]


class Scheduler:
    """Tries to lead; while it does, runs every job at first and then by its clock."""

    def __init__(self) -> None:
        self._me = uuid4()
        self._leads = False
        self._due: dict[str, float] = {}
        self._stopped = Event()

    def run(self) -> None:
        """Run until stopped. A database that is away is looked for again."""
        logger.info("scheduler started")
        while not self._stopped.is_set():
            try:
                self.tick()
            except (OperationalError, InterfaceError) as error:
                breaker.database.failed(type(error).__name__)
            except Exception:  # noqa: BLE001  (one bad job must not end all others)
                logger.opt(exception=True).error("a scheduled job failed")
            finally:
                connections.close_all()
            self._stopped.wait(TICK_SECONDS)
        self._resign()
        logger.info("scheduler stopped")

    def stop(self) -> None:
        """End after the batch under way, and let another lead at once."""
        self._stopped.set()

    def tick(self) -> None:
        """Renew the lease or try to get it; run what is due."""
        if not self._lead():
            return
        for job in JOBS:
            now = time.monotonic()
            if now >= self._due.get(job.name, now):
                self._due[job.name] = now + AGAIN_SECONDS  # unless it ends well
                job.run(self._goes_on)
                self._due[job.name] = now + job.every.total_seconds()

    def _goes_on(self) -> bool:
        return not self._stopped.is_set() and self._lead()

    def _lead(self) -> bool:
        leads = self._hold() or (self._is_first() and self._hold())
        if leads != self._leads:
            self._leads, self._due = leads, {}
            logger.bind(holder=str(self._me)).info(
                "scheduler leads" if leads else "scheduler follows"
            )
        return leads

    def _hold(self) -> bool:
        """Renew the lease, or take it where nobody has one: one conditional statement."""
        mine_or_nobodys = Q(holder=self._me) | Q(lease_until__lte=Now())
        row = Leader.objects.filter(mine_or_nobodys, pk=ROLE)
        return bool(row.update(holder=self._me, lease_until=Now() + LEASE))

    def _is_first(self) -> bool:
        """Whether there has never been a leader; there is a row for one now."""
        if Leader.objects.filter(pk=ROLE).exists():
            return False
        Leader.objects.bulk_create([Leader(name=ROLE, holder=self._me)], ignore_conflicts=True)
        return True

    def _resign(self) -> None:
        try:
            Leader.objects.filter(pk=ROLE, holder=self._me).update(lease_until=Now())
        except DatabaseError:
            return  # the lease runs out by itself
        finally:
            connections.close_all()
