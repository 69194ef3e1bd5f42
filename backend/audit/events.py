"""Noting security events: a row in the transaction of what it tells of, a log line at its end."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.audit.models import Event, SecurityEvent, SecurityEventQuerySet
from backend.core.context import request_id as current_request_id
from backend.core.http.client import Client
from backend.core.http.client import current as current_client
from backend.core.telemetry import metrics
from backend.core.telemetry.log import logger

if TYPE_CHECKING:
    from loguru import Record

__all__ = ["Event", "of", "record"]

_LOGINS = {Event.LOGIN_SUCCEEDED: "succeeded", Event.LOGIN_FAILED: "failed"}
metrics.security_events.expect(*Event)
metrics.logins.expect(*_LOGINS.values())


def record(
    event: Event,
    *,
    user_id: UUID | None,
    session_id: UUID | None = None,
    actor_id: UUID | None = None,
    client: Client | None = None,
    request_id: str | None = None,
    now: datetime | None = None,
) -> SecurityEvent:
    """Note an event. It belongs into the transaction of the change; without one it stands at once.

    Args:
        event: What happened.
        user_id: The account it happened to; None where there is none, as in a guess.
        session_id: The session it happened in or to.
        actor_id: Who did it, where that is somebody else.
        client: Where it came from, where that is not the request under way.
        request_id: The request that caused it, where that is not the one under way.
        now: When.
    """
    origin = client or current_client.get()
    noted = SecurityEvent.objects.create(
        type=event.value,
        created_at=now or timezone.now(),
        user_id=user_id,
        session_id=session_id,
        actor_id=actor_id,
        ip_address=origin.ip_address,
        user_agent=origin.user_agent,
        request_id=current_request_id.get() if request_id is None else request_id,
    )
    transaction.on_commit(partial(_write_line, noted, names_client=client is not None), robust=True)
    transaction.on_commit(partial(_count, noted), robust=True)
    return noted


def of(user_id: UUID) -> SecurityEventQuerySet:
    """What happened to an account."""
    return SecurityEventQuerySet(SecurityEvent).of(user_id)


def _write_line(noted: SecurityEvent, *, names_client: bool) -> None:
    """Write the line. The client stands in the request's access line, unless it is another."""
    fields = {
        "event": noted.type,
        "user_id": noted.user_id,
        "session_id": noted.session_id,
        "actor_id": noted.actor_id,
        "request_id": noted.request_id or None,
        "client": noted.ip_address if names_client else None,
    }
    named = {name: str(value) for name, value in fields.items() if value is not None}
    logger.patch(_as_security).bind(**named).info("security event")


def _count(noted: SecurityEvent) -> None:
    metrics.security_events.count(noted.type)
    if outcome := _LOGINS.get(Event(noted.type)):
        metrics.logins.count(outcome)


def _as_security(line: "Record") -> None:
    line["name"] = "backend.security"
