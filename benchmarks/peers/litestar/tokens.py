"""Tokens, and who is calling."""

import os
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.security.jwt import OAuth2PasswordBearerAuth, Token
from models import User, alchemy
from schemas import TokenPair

KEY = os.environ["JWT_KEY"]
ACCESS, REFRESH = timedelta(minutes=15), timedelta(days=7)

type Connection = ASGIConnection[Any, User, Token, Any]


async def current_user(token: Token, connection: Connection) -> User | None:
    """The active user that the token names."""
    if token.extras.get("token_type") != "access":
        return None
    session = alchemy.provide_session(connection.app.state, connection.scope)
    user = await session.get(User, UUID(token.sub))
    return user if user and user.is_active else None


auth = OAuth2PasswordBearerAuth[User](
    retrieve_user_handler=current_user,
    token_secret=KEY,
    token_url="/api/v1/auth/login/",  # noqa: S106  (an address)
    default_token_expiration=ACCESS,
    exclude=["/api/v1/auth/", "/api/v1/health"],
)


def read(token: str, kind: str) -> Token:
    """A token of ours."""
    found = Token.decode(token, secret=KEY, algorithm=auth.algorithm)
    if found.extras.get("token_type") != kind:
        raise NotAuthorizedException
    return found


def pair(user_id: UUID, session_id: UUID, jti: UUID) -> TokenPair:
    """Two signed tokens."""

    def sign(kind: str, jti: UUID, expiration: timedelta) -> str:
        return auth.create_token(
            str(user_id),
            token_expiration=expiration,
            token_unique_jwt_id=str(jti),
            token_extras={"token_type": kind, "sid": str(session_id)},
        )

    return TokenPair(access=sign("access", uuid4(), ACCESS), refresh=sign("refresh", jti, REFRESH))
