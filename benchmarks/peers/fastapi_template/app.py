"""FastAPI with SQLModel's sessions on psycopg, all of it in the thread pool."""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import redis
from deps import CurrentUser, SessionDep, get_current_active_superuser
from fastapi import Depends, FastAPI, HTTPException
from models import (
    Credentials,
    Health,
    Login,
    Refresh,
    Token,
    User,
    UserPublic,
    UserRegister,
    UsersPublic,
    UserStaff,
)
from security import create_tokens, password_hash, read_token
from sqlmodel import col, func, select, text, update

SESSION = timedelta(days=30)
HEALTHY = Health(status="healthy", checks={"database": "up", "cache": "up"})

app = FastAPI()
cache = redis.Redis.from_url(os.environ["REDIS_URL"])


@app.get("/api/v1/users/me/", response_model=UserPublic)
def read_user_me(current_user: CurrentUser) -> Any:
    """The caller."""
    return current_user


@app.get(
    "/api/v1/users/",
    dependencies=[Depends(get_current_active_superuser)],
    response_model=UsersPublic,
)
def read_users(session: SessionDep, skip: int = 0, limit: int = 20) -> Any:
    """A page of users and how many there are; the template sorts by a column without an index."""
    count = session.exec(select(func.count()).select_from(User)).one()
    statement = select(User).order_by(col(User.id).desc()).offset(skip).limit(limit)
    users = session.exec(statement).all()
    return UsersPublic(results=[UserStaff.model_validate(user) for user in users], count=count)


@app.post("/api/v1/auth/login/")
def login(session: SessionDep, credentials: Credentials) -> Token:
    """Open a session."""
    user = session.exec(select(User).where(User.email == credentials.email)).first()
    if not user or not user.is_active:
        raise HTTPException(401)
    verified, _ = password_hash.verify_and_update(credentials.password, user.password)
    if not verified:
        raise HTTPException(401)
    opened = Login(user_id=user.id, refresh_jti=uuid4(), expires_at=datetime.now(UTC) + SESSION)
    tokens = create_tokens(user.id, opened.id, opened.refresh_jti)
    session.add(opened)
    session.commit()
    return tokens


@app.post("/api/v1/auth/refresh/")
def refresh(session: SessionDep, sent: Refresh) -> Token:
    """Spend a refresh token: of any number of concurrent requests one succeeds."""
    token_data, jti = read_token(sent.refresh, "refresh"), uuid4()
    spend = (
        update(Login)
        .where(col(Login.id) == token_data.sid, col(Login.refresh_jti) == token_data.jti)
        .where(col(Login.revoked_at).is_(None), col(Login.expires_at) > datetime.now(UTC))
        .where(col(User.id) == Login.user_id, col(User.is_active))
        .values(refresh_jti=jti)
        .returning(col(Login.user_id))
        .execution_options(synchronize_session=False)
    )
    user_id = session.exec(spend).scalar()
    if user_id is None:
        raise HTTPException(401)
    session.commit()
    return create_tokens(user_id, token_data.sid, jti)


@app.post("/api/v1/auth/register/", status_code=201, response_model=UserPublic)
def register_user(session: SessionDep, user_in: UserRegister) -> Any:
    """Create a user."""
    user = User.model_validate(user_in, update={"password": password_hash.hash(user_in.password)})
    session.add(user)
    session.commit()
    session.refresh(user)
    return user


@app.get("/api/v1/health/")
def health(session: SessionDep) -> Health:
    """Whether database and cache answer, asked once a second."""
    if time.monotonic() - getattr(app.state, "asked_at", 0.0) > 1:
        session.execute(text("SELECT 1"))
        cache.ping()
        app.state.asked_at = time.monotonic()
    return HEALTHY
