"""The life of a session: opened by a login, rotated by refreshes, ended by many things, at once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from backend.audit import events as audit
from backend.audit.events import Event
from backend.authentication import queries
from backend.authentication.errors import (
    RefreshTokenReused,
    RefreshTokenRotated,
    SessionRevoked,
)
from backend.authentication.models import Session, SessionQuerySet
from backend.authentication.tasks import warn
from backend.authentication.tokens import AccessToken, Claims, RefreshToken, key_ring
from backend.core.errors import NotFound, ServiceUnavailable
from backend.core.http.client import Client
from backend.mails.messages import Mail
from backend.users.models import User

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login or a refresh gives; lifetimes in seconds from now.

    Attributes:
        replayed: The answer to a repeated refresh whose first answer was lost.
    """

    session_id: UUID
    access: str
    refresh: str
    expires_in: int
    refresh_expires_in: int
    replayed: bool = False
    token_type: str = "Bearer"  # noqa: S105  (the name of a scheme)


def open_session(user: User, *, client: Client, now: datetime) -> TokenPair:
    """Start a session for a user whose password has just been checked.

    It is born with the epoch that was read with the password: if the password changed meanwhile,
    the session is dead already.
    """
    session = Session(
        user=user,
        epoch=user.session_epoch,
        refresh_jti=uuid4(),
        signing_kid=key_ring().current_kid,
        created_at=now,
        last_used_at=now,
        refresh_expires_at=now + min(settings.REFRESH_TOKEN_LIFETIME, settings.SESSION_LIFETIME),
        expires_at=now + settings.SESSION_LIFETIME,
        ip_address=client.ip_address,
        user_agent=client.user_agent,
    )
    session.save(force_insert=True)
    return _pair(session, now)


def authenticate(claims: Claims, *, now: datetime, permission: str | None = None) -> Session:
    """The session, with its user, that an access token opens. One query.

    With a ``permission`` (``app.codename``) the session's ``is_permitted`` tells, from the same
    query, whether its user has it.

    Raises:
        SessionRevoked: the session has ended, or its user may not sign in.
    """
    return _load_live(claims, now, permission)


def refresh(encoded: str, *, client: Client, now: datetime, idempotency_key: str = "") -> TokenPair:
    """Exchange a refresh token for a new pair. Of any number of concurrent calls one succeeds.

    Raises:
        TokenInvalid: not a refresh token of ours.
        TokenExpired: too late.
        SessionRevoked: the session has ended, or its user may not sign in.
        RefreshTokenRotated: another tab of this client was faster.
        RefreshTokenReused: the token was spent before; its session has been ended.
    """
    claims = RefreshToken.read_fresh(encoded)
    rotation_key = _digest(idempotency_key, claims.jti)
    for _attempt in range(_ATTEMPTS):
        rotated = _sessions().rotate(
            claims.session_id,
            user_id=claims.user_id,
            spent=claims.jti,
            successor=uuid4(),
            now=now,
            refresh_expires_at=now + settings.REFRESH_TOKEN_LIFETIME,
            rotation_key=rotation_key,
            signing_kid=key_ring().current_kid,
            client=client,
        )
        if rotated is not None:
            return _pair(rotated, now)
        session = _load_live(claims, now)
        if session.refresh_jti != claims.jti:
            return _answer_spent(session, claims, rotation_key, client=client, now=now)
        # The statement waited for somebody who changed the password on this very device: it saw
        # the session as it is and the user as it was. The next look sees both.
    raise ServiceUnavailable


def end(encoded: str, *, now: datetime) -> None:
    """End the session of a refresh token: spent, expired and already ended ones are fine.

    Raises:
        TokenInvalid: not a refresh token of ours.
    """
    claims = RefreshToken.read(encoded)
    _end(_sessions(), claims.session_id, user_id=claims.user_id, now=now)


def end_own(session: Session, *, now: datetime) -> None:
    """End the session that is asking for it."""
    _end(_sessions(), session.pk, user_id=session.user_id, now=now)


def end_one(session_id: UUID, *, of: User, now: datetime) -> None:
    """End one live session of a user.

    Raises:
        NotFound: the user has no such live session.
    """
    if not _end(_sessions().live(now), session_id, user_id=of.pk, now=now):
        raise NotFound


def end_somebodys(session: Session, *, actor_id: UUID | None, now: datetime) -> bool:
    """End a session of somebody else. False where it has ended already."""
    return _end(_sessions(), session.pk, user_id=session.user_id, actor_id=actor_id, now=now)


def live_sessions(caller: Session, *, now: datetime) -> SessionQuerySet:
    """The live sessions of the caller, each knowing whether it is the ``current`` one."""
    return _sessions().filter(user_id=caller.user_id).live(now).mark_current(caller)


def hold(session: Session, *, now: datetime) -> Session:
    """Lock a session and its user until the transaction ends; both as they are by now.

    Raises:
        SessionRevoked: it has ended since it was loaded.
    """
    # The user first, as whoever deletes an account does: or each would wait for the other.
    rows = _sessions().select_related("user").select_for_update(of=("user", "self"))
    held = rows.filter(pk=session.pk).first()
    if held is None or not held.is_live(now):
        raise SessionRevoked
    return held


def keep_only(session: Session, *, user: User) -> None:
    """Let one session follow its user into the new epoch, in which no other session lives.

    Raises:
        SessionRevoked: it has ended meanwhile, and stays ended.
    """
    alive = _sessions().filter(pk=session.pk, epoch=session.epoch, revoked_at__isnull=True)
    if not alive.update(epoch=user.session_epoch):
        raise SessionRevoked


def _end(
    rows: SessionQuerySet,
    session_id: UUID,
    *,
    user_id: UUID,
    now: datetime,
    actor_id: UUID | None = None,
) -> bool:
    """End a session of a user, if it is one of these and has not ended, and note it."""
    with transaction.atomic():
        ended = rows.filter(pk=session_id, user=user_id).revoke(now)
        if ended:
            audit.record(
                Event.SESSION_ENDED,
                user_id=user_id,
                session_id=session_id,
                actor_id=actor_id,
                now=now,
            )
    return bool(ended)


def _load_live(claims: Claims, now: datetime, permission: str | None = None) -> Session:
    session = queries.session(permission).first(id=claims.session_id)
    if session is None or session.user_id != claims.user_id or not session.is_live(now):
        raise SessionRevoked
    return session


def _answer_spent(
    session: Session, claims: Claims, rotation_key: str, *, client: Client, now: datetime
) -> TokenPair:
    """Say why a spent token is refused, and act on it; or repeat an answer that was lost."""
    is_parent = session.previous_jti == claims.jti
    if is_parent and rotation_key and session.rotation_key == rotation_key:
        return _pair(session, now, replayed=True)
    if (
        is_parent
        and now - session.last_used_at <= settings.REFRESH_RACE_WINDOW
        and session.ip_address == client.ip_address
        and session.user_agent == client.user_agent
    ):
        raise RefreshTokenRotated
    _end_stolen(session, now=now)
    raise RefreshTokenReused


def _end_stolen(session: Session, *, now: datetime) -> None:
    """End a session of which somebody has a copy, and tell its owner; once, and committed."""
    with transaction.atomic():
        owner = User.objects.select_for_update().filter(pk=session.user_id).first()
        if owner is not None and _sessions().filter(pk=session.pk).revoke(now):
            event = audit.record(
                Event.REFRESH_TOKEN_REUSED,
                user_id=session.user_id,
                session_id=session.pk,
                now=now,
            )
            warn(Mail.TOKEN_REUSED, owner, event_id=event.pk)


def _pair(session: Session, now: datetime, *, replayed: bool = False) -> TokenPair:
    """Sign both tokens of a session; the refresh token depends on the row alone."""
    access_expires_at = min(now + settings.ACCESS_TOKEN_LIFETIME, session.expires_at)
    access = AccessToken.issue(
        user_id=session.user_id,
        session_id=session.pk,
        issued_at=now,
        expires_at=access_expires_at,
    )
    refresh_token = RefreshToken.issue(
        user_id=session.user_id,
        session_id=session.pk,
        issued_at=session.last_used_at,
        expires_at=session.refresh_expires_at,
        jti=session.refresh_jti,
        kid=session.signing_kid,
    )
    return TokenPair(
        session_id=session.pk,
        access=access,
        refresh=refresh_token,
        expires_in=int((access_expires_at - now).total_seconds()),
        refresh_expires_in=int((session.refresh_expires_at - now).total_seconds()),
        replayed=replayed,
    )


def _digest(idempotency_key: str, jti: UUID) -> str:
    if not idempotency_key:
        return ""
    return salted_hmac("refresh", f"{jti}:{idempotency_key}", algorithm="sha256").hexdigest()


def _sessions() -> SessionQuerySet:
    return SessionQuerySet(Session)
