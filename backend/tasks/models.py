"""The outbox, who leads the scheduler, and when each queue was last served.

Times are the database's own (``Now()``): machines whose clocks differ agree on them.
"""

from datetime import timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from backend.core.ids import uuid7

LEASE = timedelta(seconds=10)
# A nudge follows the commit at once: the relay looks after what was not nudged, and, since a broker
# can lose what it was given, after what nobody has taken for a while.
NUDGED_WITHIN = timedelta(seconds=2)
PUBLISH_AGAIN_AFTER = timedelta(seconds=20)


class State(models.TextChoices):
    """Where a task is."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    PARKED = "parked", _("parked")


class TaskQuerySet(models.QuerySet["Task"]):
    """Reads, and the conditional writes by which workers agree who does what."""

    def open(self) -> Self:
        """Tasks that are not done."""
        return self.exclude(state=State.DONE)

    def unpublished(self) -> Self:
        """Tasks that wait and should be in the broker by now, the oldest first."""
        return self.filter(state=State.WAITING, publish_at__lte=Now()).order_by("publish_at")

    def abandoned(self) -> Self:
        """Tasks whose worker has died: it no longer renews their lease."""
        return self.filter(state=State.RUNNING, lease_until__lt=Now())

    def claim(self, task_id: UUID) -> "Task | None":
        """Take a task that is due; of any number of workers one gets it."""
        due = self.filter(pk=task_id, state=State.WAITING, due_at__lte=Now())
        claimed = due.update(
            state=State.RUNNING, attempts=F("attempts") + 1, lease_until=Now() + LEASE
        )
        return self.filter(pk=task_id).first() if claimed else None

    def renew(self) -> int:
        """Keep the leases of tasks that are being worked on."""
        return self.filter(state=State.RUNNING).update(lease_until=Now() + LEASE)

    def hand_back(self, *, after: timedelta = timedelta(), error: str = "") -> int:
        """Let tasks wait for another try."""
        due = Now() + after if after else Now()
        return self.update(
            state=State.WAITING, due_at=due, publish_at=due, lease_until=None, error=error
        )

    def finish(self) -> int:
        """Mark tasks done. Nothing that a person could be known by stays in them."""
        return self.update(
            state=State.DONE, finished_at=Now(), lease_until=None, arguments="{}", error=""
        )

    def park(self, error: str) -> int:
        """Give tasks up until a person decides."""
        return self.update(state=State.PARKED, finished_at=Now(), lease_until=None, error=error)

    def retry(self) -> int:
        """Begin anew with parked tasks, and try waiting ones at once. Returns how many."""
        stuck = self.filter(state__in=[State.PARKED, State.WAITING])
        return stuck.update(
            state=State.WAITING, attempts=0, due_at=Now(), publish_at=Now(), finished_at=None
        )


class Task(models.Model):
    """One piece of work, from the transaction that caused it until it is done.

    Attributes:
        name: The function, as ``app.function``.
        arguments: Its keyword arguments as JSON; emptied once it is done.
        request_id: The request that caused it.
        attempts: How often it was begun. It is also the fence: a worker that lost its lease can no
            longer report, as the next attempt has another number.
        due_at: When it may run.
        publish_at: When the relay has to tell the broker (again).
        lease_until: Until when its worker counts as alive.
        error: Why the last attempt failed; no secrets, no addresses.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("task"), max_length=100)
    queue = models.CharField(_("queue"), max_length=32)
    arguments = models.TextField(_("arguments"), default="{}")
    request_id = models.CharField(_("request id"), max_length=128, blank=True, default="")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    due_at = models.DateTimeField(_("due at"), db_default=Now())
    publish_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True, default="")

    objects: ClassVar[models.Manager["Task"]] = TaskQuerySet.as_manager()

    class Meta:
        """Newest first, as ids are time-ordered."""

        ordering = ("-id",)
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["queue", "publish_at"],
                condition=Q(state=State.WAITING),
                name="task_unpublished",
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state=State.RUNNING), name="task_leased"
            ),
            models.Index(fields=["finished_at"], condition=Q(state=State.DONE), name="task_done"),
            models.Index(
                fields=["finished_at"], condition=Q(state=State.PARKED), name="task_parked"
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(state=State.RUNNING, lease_until__isnull=False)
                | (~Q(state=State.RUNNING) & Q(lease_until__isnull=True)),
                name="task_leased_while_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class Leader(models.Model):
    """Who does what only one may do: held by a lease that its holder renews."""

    name = models.CharField(max_length=32, primary_key=True)
    holder = models.UUIDField()
    lease_until = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Queue(models.Model):
    """When a queue was last asked for a sign of life, and when somebody last worked on it."""

    name = models.CharField(max_length=32, primary_key=True)
    asked_at = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


def tasks() -> TaskQuerySet:
    """Every task."""
    return TaskQuerySet(Task)
