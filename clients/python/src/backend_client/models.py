# Generated from the service's OpenAPI document. Do not edit; run `./just clients`.
"""What the service answers."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime
from typing_extensions import TypeAliasType

from .base_model import Model, Versioned


class User(Versioned):
    """A user, as the user sees it."""

    id: UUID
    email: str
    email_verified: bool
    first_name: str
    last_name: str
    is_staff: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime


class TokenPair(Model):
    """A pair of tokens; lifetimes in seconds from now."""

    access: str
    """Opens the API: `Authorization: Bearer <access>`."""

    refresh: str
    """Is exchanged for the next pair, once."""

    token_type: Literal["Bearer"]
    expires_in: int
    refresh_expires_in: int


class StaffUser(Versioned):
    """A user, as those see it who may view all users."""

    id: UUID
    email: str
    email_verified: bool
    first_name: str
    last_name: str
    is_staff: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime
    is_active: bool
    is_superuser: bool
    last_login: AwareDatetime | None


class Live(Model):
    """The process answers."""

    status: Literal["healthy"]


class Session(Model):
    """A login on one device."""

    id: UUID
    created_at: AwareDatetime
    last_used_at: AwareDatetime
    """The last login or refresh."""

    expires_at: AwareDatetime
    """When it ends unless it is refreshed; never past the session's end."""

    ip_address: str | None
    user_agent: str
    current: bool
    """Whether this is the session that is asking."""


HealthStatus = TypeAliasType("HealthStatus", Literal["healthy", "degraded", "unhealthy"] | str)
"""How the whole is, in a word."""


SecurityEventType = TypeAliasType(
    "SecurityEventType",
    Literal[
        "registered",
        "login_succeeded",
        "login_failed",
        "password_changed",
        "password_refused",
        "password_reset_requested",
        "password_reset",
        "email_verified",
        "email_change_requested",
        "email_changed",
        "not_me",
        "session_ended",
        "all_sessions_ended",
        "refresh_token_reused",
        "user_changed",
        "user_created",
        "user_deleted",
        "account_deleted",
    ]
    | str,
)
"""What can happen to an account."""


CheckStatus = TypeAliasType("CheckStatus", Literal["up", "degraded", "down"] | str)
"""How one part is, in a word."""


class SessionPage(Model):
    """One page of a list, with its neighbours' addresses."""

    results: list[Session]
    next: str | None
    """The next page's URL; null on the last."""

    previous: str | None
    """The previous page's URL; null on the first."""


class StaffUserPage(Model):
    """One page of a list, with its neighbours' addresses."""

    results: list[StaffUser]
    next: str | None
    """The next page's URL; null on the last."""

    previous: str | None
    """The previous page's URL; null on the first."""


class SecurityEvent(Model):
    """Something that happened to an account."""

    id: UUID
    type: SecurityEventType
    created_at: AwareDatetime
    ip_address: str | None
    """Where it came from; null where somebody else did it, or nobody knows."""

    user_agent: str
    session_id: UUID | None
    """The session it happened in or to."""

    request_id: str
    """The `X-Request-ID` of what caused it; empty where no request did."""


class Check(Model):
    """How one part is."""

    status: CheckStatus
    latency_ms: float | None
    """Null when nothing was measured."""


class SecurityEventPage(Model):
    """One page of a list, with its neighbours' addresses."""

    results: list[SecurityEvent]
    next: str | None
    """The next page's URL; null on the last."""

    previous: str | None
    """The previous page's URL; null on the first."""


class Checks(Model):
    """How every part is."""

    database: Check
    cache: Check
    tasks: Check


class Health(Model):
    """How the whole is."""

    status: HealthStatus
    version: str
    timestamp: AwareDatetime
    checks: Checks
