"""What of the record has had its time."""

from datetime import datetime

from django.conf import settings

from backend.audit import retention
from backend.tasks.purging import purges


@purges("old security events")
def purge_events(*, now: datetime, limit: int) -> int:
    """Remove events that are older than they are kept."""
    return retention.purge(now - settings.KEEP_EVENTS, limit)
