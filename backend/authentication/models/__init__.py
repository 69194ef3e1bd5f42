"""The rows of the way in: sessions, and the links that mails carry."""

from backend.authentication.models.link import Link, LinkQuerySet, Purpose
from backend.authentication.models.session import Session, SessionQuerySet

__all__ = ["Link", "LinkQuerySet", "Purpose", "Session", "SessionQuerySet"]
