"""Tokens and passwords."""

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
from fastapi import HTTPException
from models import Token, TokenPayload
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import ValidationError

SECRET_KEY = os.environ["JWT_KEY"]
ALGORITHM = "HS256"
ACCESS, REFRESH = timedelta(minutes=15), timedelta(days=7)

# The parameters of all the others.
password_hash = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


def create_tokens(user_id: UUID, session_id: UUID, jti: UUID) -> Token:
    """Two signed tokens."""
    now = datetime.now(UTC)
    common = {"sub": str(user_id), "sid": str(session_id), "iat": now}
    access = {"token_type": "access", "jti": uuid4().hex, "exp": now + ACCESS}
    refresh = {"token_type": "refresh", "jti": str(jti), "exp": now + REFRESH}
    return Token(
        access=jwt.encode(common | access, SECRET_KEY, algorithm=ALGORITHM),
        refresh=jwt.encode(common | refresh, SECRET_KEY, algorithm=ALGORITHM),
    )


def read_token(token: str, kind: str) -> TokenPayload:
    """What a token of ours says."""
    try:
        payload = TokenPayload(**jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM]))
    except (jwt.InvalidTokenError, ValidationError):
        raise HTTPException(401) from None
    if payload.token_type != kind:
        raise HTTPException(401)
    return payload
