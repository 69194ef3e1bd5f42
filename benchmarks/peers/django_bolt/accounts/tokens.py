"""Tokens, and who is calling."""

from typing import Annotated, Any
from uuid import UUID

import jwt
from accounts.models import User
from accounts.schemas import TokenPair
from django.conf import settings
from django_bolt import Depends, IsAuthenticated, JWTAuthentication, Request
from django_bolt.auth import create_token_pair
from django_bolt.exceptions import Unauthorized

backend = JWTAuthentication()
signed = {"auth": [backend], "guards": [IsAuthenticated()]}  # checked before Python is asked


def current_user(request: Request) -> User:
    """The active user that the token names."""
    user = request.user
    if not user or not user.is_active:
        raise Unauthorized(detail="The user is gone or disabled")
    return user


type Caller = Annotated[User, Depends(current_user)]


def read_refresh(token: str) -> dict[str, Any]:
    """The claims of a refresh token of an active user; it comes in the body, past the backend."""
    try:
        claims: dict[str, Any] = jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise Unauthorized(detail="The token is not valid") from None
    user = backend.get_user_sync(claims["sub"]) if claims.get("typ") == "refresh" else None
    if user is None or not user.is_active:
        raise Unauthorized(detail="The token is not valid")
    return claims


def pair(user_id: str, session_id: str) -> tuple[TokenPair, UUID]:
    """Two signed tokens, and the id of the one that refreshes."""
    made = create_token_pair(user_id, claims={"sid": session_id})
    return TokenPair(made.access_token, made.refresh_token), UUID(made.refresh_claims["jti"])
