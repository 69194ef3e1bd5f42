"""What leaves the record: rows that are old enough, and where somebody called from who is gone."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.audit.models import SecurityEvent, named
from backend.audit.purposes import Purpose, declared


def purge(older_than: datetime, limit: int) -> int:
    """Delete rows from before a time, the oldest first and ``limit`` at most; how many it were."""
    old = SecurityEvent.objects.filter(created_at__lt=older_than).order_by("created_at")[:limit]
    with transaction.atomic(), declared(Purpose.PURGE):
        deleted, _ = SecurityEvent.objects.filter(pk__in=old.values("pk")).delete()
    return deleted


def erase(user_id: UUID) -> None:
    """Take where somebody called from out of every event that names them; ids and times stay."""
    with transaction.atomic(), declared(Purpose.ERASURE):
        SecurityEvent.objects.filter(named(user_id)).update(ip_address=None, user_agent="")
