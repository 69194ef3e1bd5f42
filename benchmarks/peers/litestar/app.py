"""Litestar with SQLAlchemy's async sessions on asyncpg, and msgspec on the wire."""

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from advanced_alchemy.extensions.litestar import SQLAlchemyPlugin
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from litestar import Litestar, Request, get, post
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.security.jwt import Token
from models import Login, User, alchemy
from msgspec import convert, structs
from redis.asyncio import Redis
from schemas import (
    Credentials,
    Health,
    Page,
    Refresh,
    Registration,
    StaffUserOut,
    TokenPair,
    UserOut,
)
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from tokens import Connection, auth, pair, read

SESSION = timedelta(days=30)
PAGE = 20
HOST = f"http://127.0.0.1:{os.environ['PORT']}"
HEALTHY = Health(status="healthy", checks={"database": "up", "cache": "up"})

cache = Redis.from_url(os.environ["REDIS_URL"])
hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def requires_staff(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse everybody else."""
    if not connection.user.is_staff:
        raise PermissionDeniedException


@get("/api/v1/users/me")
async def me(request: Request[User, Token, Any]) -> UserOut:
    """The caller."""
    return convert(request.user, UserOut, from_attributes=True)


@get("/api/v1/users", guards=[requires_staff])
async def users(db_session: AsyncSession, cursor: UUID | None = None) -> Page:
    """A page of users, the newest first."""
    query = select(User).order_by(User.id.desc()).limit(PAGE + 1)
    if cursor:
        query = query.where(User.id < cursor)
    found = (await db_session.scalars(query)).all()
    following = found[PAGE - 1].id if len(found) > PAGE else None
    return Page(
        results=convert(found[:PAGE], list[StaffUserOut], from_attributes=True),
        next=f"{HOST}/api/v1/users/?cursor={following}" if following else None,
    )


@post("/api/v1/auth/login", status_code=200)
async def login(data: Credentials, db_session: AsyncSession) -> TokenPair:
    """Open a session."""
    user = await db_session.scalar(select(User).where(User.email == data.email, User.is_active))
    if user is None:
        raise NotAuthorizedException
    try:
        await asyncio.to_thread(hasher.verify, user.password, data.password)
    except Argon2Error:
        raise NotAuthorizedException from None
    now = datetime.now(UTC)
    opened = Login(
        id=uuid4(), user_id=user.id, refresh_jti=uuid4(), created_at=now, expires_at=now + SESSION
    )
    db_session.add(opened)
    return pair(user.id, opened.id, opened.refresh_jti)


@post("/api/v1/auth/refresh", status_code=200)
async def refresh(data: Refresh, db_session: AsyncSession) -> TokenPair:
    """Spend a refresh token: of any number of concurrent requests one succeeds."""
    token = read(data.refresh, "refresh")
    session_id, jti = UUID(token.extras["sid"]), uuid4()
    spend = (
        update(Login)
        .where(Login.id == session_id, Login.refresh_jti == UUID(token.jti))
        .where(Login.revoked_at.is_(None), Login.expires_at > datetime.now(UTC))
        .where(User.id == Login.user_id, User.is_active)
        .values(refresh_jti=jti)
        .returning(Login.user_id)
        .execution_options(synchronize_session=False)
    )
    user_id = await db_session.scalar(spend)
    if user_id is None:
        raise NotAuthorizedException
    return pair(user_id, session_id, jti)


@post("/api/v1/auth/register")
async def register(data: Registration, db_session: AsyncSession) -> UserOut:
    """Create a user."""
    now = datetime.now(UTC)
    fields = structs.asdict(data)
    del fields["password_confirm"]
    fields["password"] = await asyncio.to_thread(hasher.hash, data.password)
    user = User(**fields, created_at=now, updated_at=now)
    db_session.add(user)
    await db_session.flush()
    return convert(user, UserOut, from_attributes=True)


@get("/api/v1/health")
async def health(request: Request[Any, Any, Any], db_session: AsyncSession) -> Health:
    """Whether database and cache answer, asked once a second."""
    state = request.app.state
    if time.monotonic() - state.get("asked_at", 0.0) > 1:
        await db_session.execute(text("SELECT 1"))
        await cache.ping()
        state["asked_at"] = time.monotonic()
    return HEALTHY


app = Litestar(
    route_handlers=[me, users, login, refresh, register, health],
    plugins=[SQLAlchemyPlugin(config=alchemy)],
    on_app_init=[auth.on_app_init],
)
