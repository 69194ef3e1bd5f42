"""The way in: accounts, tokens, sessions."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from backend.authentication import addresses, recovery, services, sessions
from backend.authentication.bearer import bearer
from backend.authentication.errors import (
    AddressTaken,
    InvalidCredentials,
    LinkInvalid,
    RefreshTokenReused,
    RefreshTokenRotated,
    SessionRevoked,
    TokenExpired,
    TokenInvalid,
)
from backend.authentication.request import SessionRequest
from backend.authentication.schemas import (
    EmailChange,
    EmailOnly,
    LinkToken,
    PasswordChange,
    PasswordReset,
    SessionLogout,
    SessionOut,
    TokenPairOut,
    TokenRefresh,
    UserLogin,
    UserRegister,
)
from backend.core.errors import NotFound
from backend.core.http.client import Client
from backend.core.openapi import bearer_optional, idempotency, limited, raises
from backend.core.pagination import Page, PageQuery, paginate
from backend.idempotency.keys import key_of
from backend.users import services as users
from backend.users.models import User
from backend.users.schemas import UserOut

router = Router(tags=["auth"])
WITHOUT_TOKEN = SessionLogout()


@router.post("register/", auth=None, response={201: UserOut})
@limited("register")
def register(request: HttpRequest, data: UserRegister) -> User:  # noqa: ARG001  (Ninja's form)
    """Create an account. It can log in at once, verified or not."""
    return services.register(**data.model_dump())


@router.post("login/", auth=None, response=TokenPairOut)
@limited("login")
@idempotency("ignored")
@raises(InvalidCredentials)
def login(request: HttpRequest, data: UserLogin) -> sessions.TokenPair:
    """Open a session. Unknown, wrong and inactive are refused alike."""
    return services.login(**data.model_dump(), client=Client.of(request), now=timezone.now())


@router.post("refresh/", auth=None, response=TokenPairOut)
@raises(TokenInvalid, TokenExpired, SessionRevoked, RefreshTokenRotated, RefreshTokenReused)
@idempotency("recovered")
def refresh(request: HttpRequest, response: HttpResponse, data: TokenRefresh) -> sessions.TokenPair:
    """Exchange a refresh token for a new pair; the old one is spent."""
    pair = sessions.refresh(
        data.refresh,
        client=Client.of(request),
        now=timezone.now(),
        idempotency_key=key_of(request),
    )
    if pair.replayed:
        response["Idempotent-Replayed"] = "true"
    return pair


@router.post("logout/", auth=None, response={204: None})
@bearer_optional
def logout(request: HttpRequest, data: SessionLogout = WITHOUT_TOKEN) -> None:
    """End the session of a refresh token, or without one the bearer's own."""
    if data.model_fields_set:
        return sessions.end(data.refresh, now=timezone.now())
    return sessions.end_own(bearer.require(request), now=timezone.now())


@router.post("logout/all/", operation_id="auth.logout_all", response={204: None})
def logout_all(request: SessionRequest) -> None:
    """End every session of yours, this one too."""
    users.end_all_sessions(request.auth.user)


@router.get("sessions/", response=Page[SessionOut])
def sessions_list(request: SessionRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """List where you are logged in, the newest login first."""
    return paginate(request, sessions.live_sessions(request.auth, now=timezone.now()), query=page)


@router.delete("sessions/{uuid:session_id}/", response={204: None})
@raises(NotFound)
def sessions_end(request: SessionRequest, session_id: UUID) -> None:
    """End one of your sessions."""
    sessions.end_one(session_id, of=request.auth.user, now=timezone.now())


@router.post("password/change/", response={204: None})
def password_change(request: SessionRequest, data: PasswordChange) -> None:
    """Change your password. Every other session ends, this one lives on."""
    services.change_password(
        request.auth, **data.model_dump(), client=Client.of(request), now=timezone.now()
    )


@router.post("password/reset/", auth=None, response={202: None})
def password_reset(request: HttpRequest, data: EmailOnly) -> None:
    """Ask for a link to a new password. The answer does not tell whether there is an account."""
    recovery.request_reset(**data.model_dump(), client=Client.of(request))


@router.post(
    "password/reset/confirm/",
    operation_id="auth.password.reset_confirm",
    auth=None,
    response={204: None},
)
@raises(LinkInvalid)
def password_reset_confirm(request: HttpRequest, data: PasswordReset) -> None:  # noqa: ARG001  (Ninja's form)
    """Set a new password with the token of a mailed link. Every session ends."""
    recovery.reset_password(**data.model_dump(), now=timezone.now())


@router.post("email/verify/", auth=None, response={204: None})
@raises(LinkInvalid, AddressTaken)
def email_verify(request: HttpRequest, data: LinkToken) -> None:  # noqa: ARG001  (Ninja's form)
    """Prove an address with the token of a mailed link; a new address becomes the account's."""
    addresses.verify(**data.model_dump(), now=timezone.now())


@router.post(
    "email/verify/resend/", operation_id="auth.email.verify_resend", auth=None, response={202: None}
)
def email_verify_resend(request: HttpRequest, data: EmailOnly) -> None:
    """Ask for another verification link. The answer does not tell whether there is an account."""
    addresses.resend_verification(**data.model_dump(), client=Client.of(request))


@router.post("email/change/", response={202: None})
def email_change(request: SessionRequest, data: EmailChange) -> None:
    """Ask to move to another address. It has to prove itself first; the old one is warned."""
    addresses.request_change(
        request.auth, **data.model_dump(), client=Client.of(request), now=timezone.now()
    )


@router.post("not-me/", operation_id="auth.not_me", auth=None, response={204: None})
@raises(LinkInvalid)
def not_me(request: HttpRequest, data: LinkToken) -> None:  # noqa: ARG001  (Ninja's form)
    """Object to what a mail told of: every session and the password end, a reset link is mailed."""
    recovery.lock_out(**data.model_dump(), now=timezone.now())
