"""Tokens, and who is calling."""

import os
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from models import User, open_session
from schemas import TokenPair
from sqlalchemy.ext.asyncio import AsyncSession

KEY = os.environ["JWT_KEY"]
ACCESS, REFRESH = timedelta(minutes=15), timedelta(days=7)
scheme = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/login/")

type Database = Annotated[AsyncSession, Depends(open_session)]


def read(token: str, kind: str) -> dict[str, Any]:
    """The claims of a token of ours."""
    try:
        claims: dict[str, Any] = jwt.decode(token, KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None
    if claims.get("token_type") != kind:
        raise HTTPException(401)
    return claims


def pair(user_id: UUID, session_id: UUID, jti: UUID) -> TokenPair:
    """Two signed tokens."""
    now = datetime.now(UTC)
    common = {"sub": str(user_id), "sid": str(session_id), "iat": now}
    access = {"token_type": "access", "jti": uuid4().hex, "exp": now + ACCESS}
    refresh = {"token_type": "refresh", "jti": str(jti), "exp": now + REFRESH}
    return TokenPair(
        access=jwt.encode(common | access, KEY), refresh=jwt.encode(common | refresh, KEY)
    )


async def current_user(token: Annotated[str, Depends(scheme)], database: Database) -> User:
    """The active user that the token names."""
    user = await database.get(User, UUID(read(token, "access")["sub"]))
    if user is None or not user.is_active:
        raise HTTPException(401)
    return user


type Caller = Annotated[User, Depends(current_user)]
