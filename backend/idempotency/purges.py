"""What of the answers has had its time."""

from datetime import datetime

from backend.idempotency.models import KEPT, Reservation, reservations
from backend.tasks.purging import purges


@purges("stored answers")
def purge_answers(*, now: datetime, limit: int) -> int:
    """Remove answers that are no longer repeated."""
    old = reservations().filter(reserved_at__lt=now - KEPT)
    removed, _ = Reservation.objects.filter(pk__in=old.values("pk")[:limit]).delete()
    return removed
