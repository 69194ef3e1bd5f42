"""A use of an ``Idempotency-Key``: reserved, then answered, then forgotten."""

from datetime import timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

KEPT = timedelta(hours=24)
# Longer than any request lives: whoever has held a key for so long without an answer is dead.
ABANDONED = timedelta(seconds=60)


class ReservationQuerySet(models.QuerySet["Reservation"]):
    """Reads and the few changes of reservations. All times are the database's."""

    def held_by(self, *attempts: UUID) -> Self:
        """Those that requests hold, as long as they do."""
        return self.filter(attempt__in=attempts, status__isnull=True)

    def free(self) -> Self:
        """Those anybody may take: past their time, or of somebody who died."""
        return self.filter(
            Q(reserved_at__lte=Now() - KEPT)
            | Q(status__isnull=True, reserved_at__lte=Now() - ABANDONED)
        )

    def about(self, user_id: UUID) -> Self:
        """Answers that somebody was given, or that show them."""
        answered = self.filter(status__isnull=False)
        return answered.filter(Q(user_id=user_id) | Q(subject_id=user_id))


class Reservation(models.Model):
    """One key of one caller, and what its first request was answered.

    Attributes:
        id: Keyed digest of caller and key, neither of which is kept.
        fingerprint: Keyed digest of the request: method, path, query, body.
        attempt: The request that holds it.
        user_id: Who was answered; null for those who are not signed in.
        subject_id: What the answer shows: the ``id`` in its body.
        status: Of the answer; null as long as there is none.
        headers: Of the answer, those that belong to what it shows, as JSON.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    fingerprint = models.UUIDField()
    attempt = models.UUIDField()
    reserved_at = models.DateTimeField(db_default=Now())
    user_id = models.UUIDField(null=True)
    subject_id = models.UUIDField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.TextField(default="{}")
    body = models.TextField(blank=True, default="")

    class Meta:
        """Found by key; forgotten by age, and with a person."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["reserved_at"], name="idempotency_reserved_at"),
            models.Index(
                fields=["user_id"],
                name="idempotency_user",
                condition=Q(user_id__isnull=False),
            ),
            models.Index(
                fields=["subject_id"],
                name="idempotency_subject",
                condition=Q(subject_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


def reservations() -> ReservationQuerySet:
    """All of them."""
    return ReservationQuerySet(Reservation)
