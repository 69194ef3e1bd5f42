"""The limit: one WSGI function, hand-written SQL, and the work that cannot be left out."""

import atexit
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import orjson
import redis
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from email_validator import EmailNotValidError, validate_email
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

KEY = os.environ["JWT_KEY"]
COUNTS = bool(os.environ.get("COUNT"))  # the rows of a list, as pages with numbers have to
HOST = f"http://127.0.0.1:{os.environ['PORT']}"
ACCESS, REFRESH, SESSION = timedelta(minutes=15), timedelta(days=7), timedelta(days=30)
PAGE, MIN_LENGTH = 20, 8
PROFILE = "id, email, email_verified, first_name, last_name, is_staff, created_at, updated_at"
STAFF = f"{PROFILE}, is_active, is_superuser, last_login"
REASONS = {200: "200 OK", 201: "201 Created", 400: "400 Bad Request", 401: "401 Unauthorized"}
REASONS |= {403: "403 Forbidden", 404: "404 Not Found"}

database = ConnectionPool(
    "host={DB_HOST} port={DB_PORT} dbname={DB_NAME} user={DB_USER} password={DB_PASSWORD}".format(
        **os.environ | {"DB_PASSWORD": os.environ["DB_PASSWORD"] or "''"}
    ),
    kwargs={"autocommit": True, "row_factory": dict_row, "prepare_threshold": 0},
    min_size=1,
    max_size=4,
    open=False,  # its threads would not survive a fork
)
atexit.register(database.close)
cache = redis.Redis.from_url(os.environ["REDIS_URL"])
hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
health: tuple[float, dict[str, Any]] = (0.0, {})

type Answer = tuple[int, object]
type Environ = dict[str, Any]


class Refused(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, **errors: list[str]) -> None:
        super().__init__(status)
        self.answer: Answer = (status, errors)


def rows(statement: str, *values: object) -> list[dict[str, Any]]:
    """Run one statement."""
    database.open()
    with database.connection() as connection:
        return connection.execute(statement, values).fetchall()


def read(token: str, kind: str) -> dict[str, Any]:
    """The claims of a token of ours."""
    try:
        claims: dict[str, Any] = jwt.decode(token, KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise Refused(401) from None
    if claims.get("token_type") != kind:
        raise Refused(401)
    return claims


def pair(user_id: UUID, session_id: UUID, jti: UUID) -> dict[str, str]:
    """Two signed tokens."""
    now = datetime.now(UTC)
    common = {"sub": str(user_id), "sid": str(session_id), "iat": now}
    access = {"token_type": "access", "jti": uuid4().hex, "exp": now + ACCESS}
    refresh = {"token_type": "refresh", "jti": str(jti), "exp": now + REFRESH}
    return {
        "access": jwt.encode(common | access, KEY),
        "refresh": jwt.encode(common | refresh, KEY),
    }


def caller(environ: Environ, columns: str) -> dict[str, Any]:
    """The user of a live session."""
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    claims = read(token if scheme == "Bearer" else "", "access")
    found = rows(
        f"SELECT {columns} FROM users JOIN ("  # noqa: S608  (constants)
        "SELECT user_id FROM sessions WHERE id = %s AND revoked_at IS NULL AND expires_at > now()"
        ") AS session ON user_id = users.id WHERE is_active",
        claims["sid"],
    )
    if not found:
        raise Refused(401)
    return found[0]


def me(environ: Environ) -> Answer:
    """The caller."""
    return 200, caller(environ, PROFILE)


def users(environ: Environ) -> Answer:
    """A page of users, the newest first."""
    if not caller(environ, "is_superuser")["is_superuser"]:
        raise Refused(403)
    found = rows(f"SELECT {STAFF} FROM users ORDER BY id DESC LIMIT {PAGE + 1}")  # noqa: S608  (constants)
    following = (
        f"{HOST}/api/v1/users/?cursor={found[PAGE - 1]['id']}" if len(found) > PAGE else None
    )
    page = {"results": found[:PAGE], "next": following, "previous": None}
    return 200, page | rows("SELECT count(*) FROM users")[0] if COUNTS else page


def body(environ: Environ) -> dict[str, Any]:
    """The JSON object that was sent."""
    try:
        sent = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    except (KeyError, ValueError):
        raise Refused(400) from None
    if not isinstance(sent, dict):
        raise Refused(400)
    return sent


def login(environ: Environ) -> Answer:
    """Open a session."""
    sent = body(environ)
    found = rows("SELECT id, password FROM users WHERE email = %s AND is_active", sent["email"])
    try:
        hasher.verify(found[0]["password"] if found else "", sent["password"])
    except Argon2Error:
        raise Refused(401) from None
    session_id, jti, now = uuid4(), uuid4(), datetime.now(UTC)
    rows(
        "INSERT INTO sessions VALUES (%s, %s, %s, %s, %s, NULL) RETURNING id",
        *(session_id, found[0]["id"], jti, now, now + SESSION),
    )
    return 200, pair(found[0]["id"], session_id, jti)


def refresh(environ: Environ) -> Answer:
    """Spend a refresh token: of any number of concurrent requests one succeeds."""
    claims = read(body(environ).get("refresh", ""), "refresh")
    jti = uuid4()
    spent = rows(
        "UPDATE sessions SET refresh_jti = %s FROM users WHERE sessions.id = %s"
        " AND refresh_jti = %s AND revoked_at IS NULL AND expires_at > now()"
        " AND users.id = user_id AND is_active RETURNING user_id",
        *(jti, claims["sid"], claims["jti"]),
    )
    if not spent:
        raise Refused(401)
    return 200, pair(spent[0]["user_id"], UUID(claims["sid"]), jti)


def register(environ: Environ) -> Answer:
    """Create a user."""
    sent = body(environ)
    errors: dict[str, list[str]] = {}
    try:
        email = validate_email(sent["email"], check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        errors["email"] = [str(error)]
    if len(sent["password"]) < MIN_LENGTH:
        errors["password"] = ["This password is too short."]
    if sent["password"] != sent["password_confirm"]:
        errors["password_confirm"] = ["The passwords differ."]
    if errors:
        raise Refused(400, **errors)
    now = datetime.now(UTC)
    values = (uuid4(), email, hasher.hash(sent["password"]), now, now)
    return 201, rows(
        "INSERT INTO users VALUES (%s, %s, false, %s, '', '', true, false, false, NULL, %s, %s)"  # noqa: S608  (constants)
        f" RETURNING {PROFILE}",
        *values,
    )[0]


def healthy(_: Environ) -> Answer:
    """Whether database and cache answer, asked once a second."""
    global health  # noqa: PLW0603  (one value per process)
    if time.monotonic() - health[0] > 1:
        rows("SELECT 1")
        cache.ping()
        health = (
            time.monotonic(),
            {"status": "healthy", "checks": {"database": "up", "cache": "up"}},
        )
    return 200, health[1]


OPERATIONS: dict[tuple[str, str], Callable[[Environ], Answer]] = {
    ("GET", "/api/v1/users/me/"): me,
    ("GET", "/api/v1/users/"): users,
    ("POST", "/api/v1/auth/login/"): login,
    ("POST", "/api/v1/auth/refresh/"): refresh,
    ("POST", "/api/v1/auth/register/"): register,
    ("GET", "/api/v1/health/"): healthy,
}


def application(environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
    """Find the operation and answer."""
    operation = OPERATIONS.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
    try:
        status, content = operation(environ) if operation else (404, {})
    except Refused as refused:
        status, content = refused.answer
    answer = orjson.dumps(content)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
    start_response(REASONS[status], headers)
    return [answer]
