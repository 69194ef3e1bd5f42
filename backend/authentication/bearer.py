"""The bearer check: ``Authorization: Bearer <access>`` to the session behind it, in one query."""

from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from backend.authentication import sessions
from backend.authentication.models import Session
from backend.authentication.tokens import AccessToken, Claims
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
        token = self._token(request)
        return None if token is None else self.authenticate(request, token)

    def authenticate(self, request: HttpRequest, token: str) -> Session:
        """Find the session of an access token.

        Raises:
            Unauthenticated: every way in which it can be none.
            PermissionDenied: the user lacks the permission.
        """
        claims = _read_once(request, token)
        session = sessions.authenticate(claims, now=timezone.now(), permission=self.permission)
        if self.permission and self.required and not session.is_permitted:
            raise PermissionDenied
        return session

    def claimed_user(self, request: HttpRequest) -> UUID | None:
        """Whose token this is, by its signature alone: enough to count requests, not to answer."""
        token = self._token(request)
        if token is None:
            return None
        try:
            return _read_once(request, token).user_id
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

    def _token(self, request: HttpRequest) -> str | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        return token if scheme.lower() == self.openapi_scheme else None


def _read_once(request: HttpRequest, token: str) -> Claims:
    """The claims of a request's token; the gate asks for them, and then the bearer check."""
    known: Claims | None = getattr(request, "_bearer_claims", None)
    if known is None:
        known = AccessToken.read_fresh(token)
        request._bearer_claims = known  # type: ignore[attr-defined]  # noqa: SLF001  (beside what it was read from)
    return known


bearer = BearerAuth()
