"""What the operations depend on: a database session, and who is calling."""

import os
from collections.abc import Generator
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from models import User
from security import read_token
from sqlalchemy import URL
from sqlmodel import Session, create_engine

# None beside the pool: SQLAlchemy's default would open and close them again at each request.
engine = create_engine(
    URL.create(
        "postgresql+psycopg",
        host=os.environ["DB_HOST"],
        port=int(os.environ["DB_PORT"]),
        database=os.environ["DB_NAME"],
        username=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"] or None,
    ),
    pool_size=4,
    max_overflow=0,
)
reusable_oauth2 = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/login/")


def get_db() -> Generator[Session]:
    """A session for one request."""
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_db)]
TokenDep = Annotated[str, Depends(reusable_oauth2)]


def get_current_user(session: SessionDep, token: TokenDep) -> User:
    """The active user that the token names."""
    user = session.get(User, read_token(token, "access").sub)
    if not user or not user.is_active:
        raise HTTPException(401)
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


def get_current_active_superuser(current_user: CurrentUser) -> User:
    """The caller, who may do everything."""
    if not current_user.is_superuser:
        raise HTTPException(403)
    return current_user
