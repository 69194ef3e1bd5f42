"""What of the way in has had its time. A token of a session that is gone gets the same 401."""

from datetime import datetime

from django.contrib.sessions.models import Session as CookieSession

from backend.authentication.models import Link, LinkQuerySet, Session, SessionQuerySet
from backend.tasks.purging import purges


@purges("ended sessions")
def purge_sessions(*, now: datetime, limit: int) -> int:
    """Remove sessions that have ended, for whatever reason."""
    ended = SessionQuerySet(Session).ended(now).values("pk")[:limit]
    removed, _ = Session.objects.filter(pk__in=ended).delete()
    return removed


@purges("spent links")
def purge_links(*, now: datetime, limit: int) -> int:
    """Remove mailed links that are used or too old."""
    spent = LinkQuerySet(Link).spent(now).values("pk")[:limit]
    removed, _ = Link.objects.filter(pk__in=spent).delete()
    return removed


@purges("expired admin sessions")
def purge_cookie_sessions(*, now: datetime, limit: int) -> int:
    """Remove cookie sessions of the admin site that have expired."""
    expired = CookieSession.objects.filter(expire_date__lt=now).values("pk")[:limit]
    removed, _ = CookieSession.objects.filter(pk__in=expired).delete()
    return removed
