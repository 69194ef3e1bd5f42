"""The bearer check: ``Authorization: Bearer <access>`` to the session behind it, in one query."""

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from backend.authentication import sessions
from backend.authentication.models import Session
from backend.core.errors import Unauthenticated


class BearerAuth(HttpBearer):
    """Private operations' ``auth``; the session becomes ``request.auth``."""

    openapi_bearerFormat = "JWT"  # noqa: N815  (Ninja's name for it)

    def authenticate(self, request: HttpRequest, token: str) -> Session:  # noqa: ARG002  (Ninja's form)
        """Find the session of an access token.

        Raises:
            Unauthenticated: every way in which it can be none.
        """
        return sessions.authenticate(token, now=timezone.now())

    def require(self, request: HttpRequest) -> Session:
        """The session of a request whose operation is public, where one is needed after all.

        Raises:
            Unauthenticated: there is none.
        """
        session: Session | None = self(request)
        if session is None:
            raise Unauthenticated
        request.auth = session  # type: ignore[attr-defined]  # where Ninja itself puts it
        return session


bearer = BearerAuth()
