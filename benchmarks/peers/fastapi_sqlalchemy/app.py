"""FastAPI with SQLAlchemy's async sessions on asyncpg."""

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from fastapi import FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool
from models import Login, User
from redis.asyncio import Redis
from schemas import Credentials, Health, Page, Refresh, Registration, TokenPair, UserOut
from sqlalchemy import select, text, update
from tokens import Caller, Database, pair, read

SESSION = timedelta(days=30)
PAGE = 20
HOST = f"http://127.0.0.1:{os.environ['PORT']}"
HEALTHY = Health(status="healthy", checks={"database": "up", "cache": "up"})

app = FastAPI()
cache = Redis.from_url(os.environ["REDIS_URL"])
hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@app.get("/api/v1/users/me/")
async def me(user: Caller) -> UserOut:
    """The caller."""
    return user


@app.get("/api/v1/users/")
async def users(user: Caller, database: Database, cursor: UUID | None = None) -> Page:
    """A page of users, the newest first."""
    if not user.is_staff:
        raise HTTPException(403)
    query = select(User).order_by(User.id.desc()).limit(PAGE + 1)
    if cursor:
        query = query.where(User.id < cursor)
    found = (await database.scalars(query)).all()
    following = found[PAGE - 1].id if len(found) > PAGE else None
    return {
        "results": found[:PAGE],
        "next": f"{HOST}/api/v1/users/?cursor={following}" if following else None,
    }


@app.post("/api/v1/auth/login/")
async def login(credentials: Credentials, database: Database) -> TokenPair:
    """Open a session."""
    query = select(User).where(User.email == credentials.email, User.is_active)
    user = await database.scalar(query)
    if user is None:
        raise HTTPException(401)
    try:
        await run_in_threadpool(hasher.verify, user.password, credentials.password)
    except Argon2Error:
        raise HTTPException(401) from None
    now = datetime.now(UTC)
    opened = Login(
        id=uuid4(), user_id=user.id, refresh_jti=uuid4(), created_at=now, expires_at=now + SESSION
    )
    database.add(opened)
    await database.commit()
    return pair(user.id, opened.id, opened.refresh_jti)


@app.post("/api/v1/auth/refresh/")
async def refresh(sent: Refresh, database: Database) -> TokenPair:
    """Spend a refresh token: of any number of concurrent requests one succeeds."""
    claims = read(sent.refresh, "refresh")
    session_id, jti = UUID(claims["sid"]), uuid4()
    spend = (
        update(Login)
        .where(Login.id == session_id, Login.refresh_jti == UUID(claims["jti"]))
        .where(Login.revoked_at.is_(None), Login.expires_at > datetime.now(UTC))
        .where(User.id == Login.user_id, User.is_active)
        .values(refresh_jti=jti)
        .returning(Login.user_id)
        .execution_options(synchronize_session=False)
    )
    user_id = await database.scalar(spend)
    if user_id is None:
        raise HTTPException(401)
    await database.commit()
    return pair(user_id, session_id, jti)


@app.post("/api/v1/auth/register/", status_code=201)
async def register(sent: Registration, database: Database) -> UserOut:
    """Create a user."""
    now = datetime.now(UTC)
    user = User(
        id=uuid4(),
        **sent.model_dump(exclude={"password", "password_confirm"}),
        password=await run_in_threadpool(hasher.hash, sent.password),
        email_verified=False,
        is_active=True,
        is_staff=False,
        is_superuser=False,
        created_at=now,
        updated_at=now,
    )
    database.add(user)
    await database.commit()
    return user


@app.get("/api/v1/health/")
async def health(database: Database) -> Health:
    """Whether database and cache answer, asked once a second."""
    if time.monotonic() - getattr(app.state, "asked_at", 0.0) > 1:
        await database.execute(text("SELECT 1"))
        await cache.ping()
        app.state.asked_at = time.monotonic()
    return HEALTHY
