"""The bearer check: ``Authorization: Bearer <access>`` to the session behind it, in one query."""

from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from backend.authentication import sessions
from backend.authentication.models import Session
from backend.authentication.tokens import AccessToken
from backend.core.errors import PermissionDenied, Unauthenticated


class BearerAuth(HttpBearer):
    """Private operations' ``auth``; the session becomes ``request.auth``.

    With a ``permission`` the same query tells whether the user has it (``is_permitted``), and where
    it is ``required``, refuses those who do not.
    """

    openapi_bearerFormat = "JWT"  # noqa: N815  (Ninja's name for it)

    def __init__(self, permission: str | None = None, *, required: bool = True) -> None:
        super().__init__()
        self.permission = permission
        self.required = required

    def __call__(self, request: HttpRequest) -> Session | None:
        """Authenticate a bearer, once; Ninja's own would log credentials of other kinds."""
        known = getattr(request, "auth", None)
        if isinstance(known, Session):
            return known
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self.authenticate(request, token) if scheme.lower() == self.openapi_scheme else None

    def authenticate(self, request: HttpRequest, token: str) -> Session:  # noqa: ARG002  (Ninja's form)
        """Find the session of an access token.

        Raises:
            Unauthenticated: every way in which it can be none.
            PermissionDenied: the user lacks the permission.
        """
        session = sessions.authenticate(token, now=timezone.now(), permission=self.permission)
        if self.permission and self.required and not session.is_permitted:
            raise PermissionDenied
        return session

    def claimed_user(self, request: HttpRequest) -> UUID | None:
        """Whose token this is, by its signature alone: enough to count requests, not to answer."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != self.openapi_scheme:
            return None
        try:
            return AccessToken.read_fresh(token).user_id
        except Unauthenticated:
            return None

    def require(self, request: HttpRequest) -> Session:
        """The session of a request whose operation is public, where one is needed after all.

        Raises:
            Unauthenticated: there is none.
        """
        session = self(request)
        if session is None:
            raise Unauthenticated
        request.auth = session  # type: ignore[attr-defined]  # where Ninja itself puts it
        return session


bearer = BearerAuth()
