"""The operations. Plain functions: django-bolt serves these queries faster so than awaited."""

import os
import time
from datetime import timedelta
from uuid import UUID, uuid4

from accounts.models import Login, User
from accounts.schemas import (
    Credentials,
    Health,
    Page,
    Refresh,
    Registration,
    StaffUserOut,
    TokenPair,
    UserOut,
)
from accounts.tokens import Caller, pair, read_refresh, signed
from asgiref.sync import sync_to_async
from django.contrib.auth import aauthenticate
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from django_bolt import BoltAPI
from django_bolt.exceptions import Forbidden, Unauthorized
from msgspec import convert

SESSION = timedelta(days=30)
PAGE = 20
HOST = f"http://127.0.0.1:{os.environ['PORT']}"
HEALTHY = Health(status="healthy", checks={"database": "up", "cache": "up"})

api = BoltAPI(prefix="/api/v1", trailing_slash="append", enable_logging=False)
asked_at = 0.0


@api.get("/users/me", **signed)
def me(user: Caller) -> UserOut:
    """The caller."""
    return convert(user, UserOut, from_attributes=True)


@api.get("/users", **signed)
def users(user: Caller, cursor: UUID | None = None) -> Page:
    """A page of users, the newest first."""
    if not user.is_staff:
        raise Forbidden(detail="This is for staff")
    query = User.objects.order_by("-id")
    if cursor:
        query = query.filter(id__lt=cursor)
    found = list(query[: PAGE + 1])
    following = found[PAGE - 1].id if len(found) > PAGE else None
    return Page(
        results=convert(found[:PAGE], list[StaffUserOut], from_attributes=True),
        next=f"{HOST}/api/v1/users/?cursor={following}" if following else None,
    )


@api.post("/auth/login")
async def login(credentials: Credentials) -> TokenPair:
    """Open a session."""
    user = await aauthenticate(username=credentials.email, password=credentials.password)
    if user is None:
        raise Unauthorized(detail="Address and password do not match")
    opened = Login(id=uuid4(), user=user, expires_at=timezone.now() + SESSION)
    tokens, opened.refresh_jti = pair(str(user.pk), str(opened.id))
    await opened.asave(force_insert=True)
    return tokens


@api.post("/auth/refresh")
def refresh(sent: Refresh) -> TokenPair:
    """Spend a refresh token: of any number of concurrent requests one succeeds."""
    claims = read_refresh(sent.refresh)
    tokens, jti = pair(claims["sub"], claims["sid"])
    spent = Login.objects.filter(
        id=claims["sid"],
        refresh_jti=claims["jti"],
        revoked_at=None,
        expires_at__gt=timezone.now(),
    )
    if not spent.update(refresh_jti=jti):
        raise Unauthorized(detail="The token is spent")
    return tokens


@api.post("/auth/register", status_code=201)
async def register(sent: Registration) -> UserOut:
    """Create a user."""
    user = User(email=sent.email, first_name=sent.first_name, last_name=sent.last_name)
    await sync_to_async(user.set_password, thread_sensitive=False)(sent.password)
    await user.asave(force_insert=True)
    return convert(user, UserOut, from_attributes=True)


@api.get("/health")
async def health() -> Health:
    """Whether database and cache answer, asked once a second."""
    global asked_at  # noqa: PLW0603  (one value per process)
    if time.monotonic() - asked_at > 1:
        await sync_to_async(ask)()
        asked_at = time.monotonic()
    return HEALTHY


def ask() -> None:
    """Ask database and cache."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    cache.get("health")
