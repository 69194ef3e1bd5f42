"""Security events: a closed list, one log line each."""

from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from backend.core.log import logger

if TYPE_CHECKING:
    from loguru import Record


class Event(StrEnum):
    """What can happen to an account."""

    REGISTERED = "registered"
    LOGIN_SUCCEEDED = "login_succeeded"
    LOGIN_FAILED = "login_failed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (the name of an event)
    PASSWORD_REFUSED = "password_refused"  # noqa: S105
    SESSION_ENDED = "session_ended"
    ALL_SESSIONS_ENDED = "all_sessions_ended"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105
    USER_CHANGED = "user_changed"
    USER_CREATED = "user_created"
    USER_DELETED = "user_deleted"


def record(
    event: Event,
    *,
    user_id: UUID | None,
    session_id: UUID | None = None,
    actor_id: UUID | None = None,
    ip_address: str | None = None,
) -> None:
    """Note an event.

    Args:
        event: What happened.
        user_id: The account it happened to; None where there is none, as in a guess.
        session_id: The session it happened in or to.
        actor_id: Who did it, where that is somebody else.
        ip_address: Where it came from, where the request's access line does not tell.
    """
    fields = {
        "event": event.value,
        "user_id": user_id,
        "session_id": session_id,
        "actor_id": actor_id,
        "client": ip_address,
    }
    named = {name: str(value) for name, value in fields.items() if value is not None}
    logger.patch(_as_security).bind(**named).info("security event")


def _as_security(line: "Record") -> None:
    line["name"] = "backend.security"
