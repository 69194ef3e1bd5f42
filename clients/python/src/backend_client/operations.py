# Generated from the service's OpenAPI document. Do not edit; run `./just clients`.
"""The operations, as the document declares them."""

from . import models
from .operation import Operation

AUTH_REGISTER: Operation[models.User] = Operation(
    id="auth.register",
    method="POST",
    path="/api/v1/auth/register/",
    answer=models.User,
    idempotency="stored",
    is_private=False,
)
AUTH_LOGIN: Operation[models.TokenPair] = Operation(
    id="auth.login",
    method="POST",
    path="/api/v1/auth/login/",
    answer=models.TokenPair,
    idempotency="ignored",
    is_private=False,
)
AUTH_REFRESH: Operation[models.TokenPair] = Operation(
    id="auth.refresh",
    method="POST",
    path="/api/v1/auth/refresh/",
    answer=models.TokenPair,
    idempotency="recovered",
    is_private=False,
    sends_refresh=True,
)
AUTH_LOGOUT: Operation[None] = Operation(
    id="auth.logout",
    method="POST",
    path="/api/v1/auth/logout/",
    idempotency="stored",
    is_private=False,
    sends_refresh=True,
    ends_session=True,
)
AUTH_LOGOUT_ALL: Operation[None] = Operation(
    id="auth.logout_all",
    method="POST",
    path="/api/v1/auth/logout/all/",
    idempotency="stored",
    ends_session=True,
)
AUTH_SESSIONS_LIST: Operation[models.SessionPage] = Operation(
    id="auth.sessions.list", method="GET", path="/api/v1/auth/sessions/", answer=models.SessionPage
)
AUTH_SESSIONS_END: Operation[None] = Operation(
    id="auth.sessions.end",
    method="DELETE",
    path="/api/v1/auth/sessions/{session_id}/",
    idempotency="stored",
)
AUTH_PASSWORD_CHANGE: Operation[None] = Operation(
    id="auth.password.change",
    method="POST",
    path="/api/v1/auth/password/change/",
    idempotency="stored",
)
AUTH_PASSWORD_RESET: Operation[None] = Operation(
    id="auth.password.reset",
    method="POST",
    path="/api/v1/auth/password/reset/",
    idempotency="stored",
    is_private=False,
)
AUTH_PASSWORD_RESET_CONFIRM: Operation[None] = Operation(
    id="auth.password.reset_confirm",
    method="POST",
    path="/api/v1/auth/password/reset/confirm/",
    idempotency="stored",
    is_private=False,
)
AUTH_EMAIL_VERIFY: Operation[None] = Operation(
    id="auth.email.verify",
    method="POST",
    path="/api/v1/auth/email/verify/",
    idempotency="stored",
    is_private=False,
)
AUTH_EMAIL_VERIFY_RESEND: Operation[None] = Operation(
    id="auth.email.verify_resend",
    method="POST",
    path="/api/v1/auth/email/verify/resend/",
    idempotency="stored",
    is_private=False,
)
AUTH_EMAIL_CHANGE: Operation[None] = Operation(
    id="auth.email.change", method="POST", path="/api/v1/auth/email/change/", idempotency="stored"
)
AUTH_NOT_ME: Operation[None] = Operation(
    id="auth.not_me",
    method="POST",
    path="/api/v1/auth/not-me/",
    idempotency="stored",
    is_private=False,
)
USERS_ME_GET: Operation[models.User] = Operation(
    id="users.me.get", method="GET", path="/api/v1/users/me/", answer=models.User
)
USERS_ME_UPDATE: Operation[models.User] = Operation(
    id="users.me.update",
    method="PATCH",
    path="/api/v1/users/me/",
    answer=models.User,
    idempotency="stored",
)
USERS_ME_DELETE: Operation[None] = Operation(
    id="users.me.delete",
    method="POST",
    path="/api/v1/users/me/delete/",
    idempotency="stored",
    ends_session=True,
)
USERS_ME_SECURITY_EVENTS: Operation[models.SecurityEventPage] = Operation(
    id="users.me.security_events",
    method="GET",
    path="/api/v1/users/me/security-events/",
    answer=models.SecurityEventPage,
)
USERS_LIST: Operation[models.StaffUserPage] = Operation(
    id="users.list", method="GET", path="/api/v1/users/", answer=models.StaffUserPage
)
USERS_GET: Operation[models.StaffUser | models.User] = Operation(
    id="users.get",
    method="GET",
    path="/api/v1/users/{user_id}/",
    answer=models.StaffUser | models.User,
)
USERS_UPDATE: Operation[models.StaffUser | models.User] = Operation(
    id="users.update",
    method="PATCH",
    path="/api/v1/users/{user_id}/",
    answer=models.StaffUser | models.User,
    idempotency="stored",
)
USERS_SECURITY_EVENTS: Operation[models.SecurityEventPage] = Operation(
    id="users.security_events",
    method="GET",
    path="/api/v1/users/{user_id}/security-events/",
    answer=models.SecurityEventPage,
)
HEALTH_READ: Operation[models.Health] = Operation(
    id="health.read",
    method="GET",
    path="/api/v1/health/",
    answer=models.Health,
    statuses=(503,),
    is_private=False,
)
HEALTH_LIVE: Operation[models.Live] = Operation(
    id="health.live",
    method="GET",
    path="/api/v1/health/live/",
    answer=models.Live,
    is_private=False,
)
HEALTH_READY: Operation[models.Health] = Operation(
    id="health.ready",
    method="GET",
    path="/api/v1/health/ready/",
    answer=models.Health,
    statuses=(503,),
    is_private=False,
)
