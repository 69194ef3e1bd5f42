"""A service for the policies of the Python client: it says what it is told to, and remembers."""

import json
from collections import deque
from collections.abc import Callable
from typing import Any

import httpx
from backend_client import AsyncClient, Client, MemoryTokens, Retry, Tokens

URL = "https://api.example.com"
USER: dict[str, Any] = {
    "id": "01a20b6d-f71b-7609-9d37-00be804fe5ee",
    "email": "ada@example.com",
    "email_verified": True,
    "first_name": "Ada",
    "last_name": "Lovelace",
    "is_staff": False,
    "created_at": "2026-11-23T12:00:00.000000Z",
    "updated_at": "2026-11-23T12:00:00.000000Z",
}
STAFF_USER: dict[str, Any] = {**USER, "is_active": True, "is_superuser": False, "last_login": None}

type Outcome = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Wire:
    """Answers with one outcome after the other; an exception is one of the connection."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = deque(outcomes)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        outcome = self.outcomes.popleft()
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, httpx.Response):  # a new one: httpx binds it to this request
            status, content = outcome.status_code, outcome.content
            return httpx.Response(status, headers=outcome.headers, content=content)
        return outcome(request)

    @property
    def paths(self) -> list[str]:
        """What was asked for, below the API."""
        return [request.url.path.removeprefix("/api/v1/") for request in self.requests]

    def sent(self, name: str) -> list[str | None]:
        """A header of every request."""
        return [request.headers.get(name) for request in self.requests]

    def bodies(self) -> list[Any]:
        """The body of every request."""
        return [json.loads(request.content) for request in self.requests if request.content]


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


def client(
    wire: Callable[[httpx.Request], httpx.Response], clock: Clock | None = None, **options: Any
) -> Client:
    """A client on that wire, whose pauses are the longest possible and take no time."""
    clock = clock or Clock()
    options = {"retry": Retry(jitter=longest), "sleep": clock.sleep, **options}
    http = httpx.Client(transport=httpx.MockTransport(wire))
    return Client(URL, http=http, clock=clock, **options)


def async_client(
    wire: Callable[[httpx.Request], Any], clock: Clock | None = None, **options: Any
) -> AsyncClient:
    """The same to await."""
    clock = clock or Clock()
    options = {"retry": Retry(jitter=longest), "sleep": clock.asleep, **options}
    http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
    return AsyncClient(URL, http=http, clock=clock, **options)


def longest() -> float:
    return 1.0


def tokens_of(number: int = 1, *, seconds: float = 900) -> Tokens:
    """The tokens of a login, and the seconds that they are still good for."""
    ends = Clock().now + seconds
    return Tokens(f"access-{number}", f"refresh-{number}", ends, f"key-{number}")


def logged_in(*, seconds: float = 900) -> MemoryTokens:
    """The store of somebody who has logged in."""
    return MemoryTokens(tokens_of(seconds=seconds))


def user(etag: str | None = None, **fields: Any) -> httpx.Response:
    headers = {} if etag is None else {"ETag": etag}
    return httpx.Response(200, json={**USER, **fields}, headers=headers)


def pair(number: int) -> httpx.Response:
    """A pair of tokens."""
    return httpx.Response(
        200,
        json={
            "access": f"access-{number}",
            "refresh": f"refresh-{number}",
            "token_type": "Bearer",
            "expires_in": 900,
            "refresh_expires_in": 604800,
        },
    )


def done() -> httpx.Response:
    return httpx.Response(204)


def refusal(status: int, code: str, **headers: str) -> httpx.Response:
    """The envelope; ``Retry_After`` becomes the header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {
        "error": True,
        "status_code": status,
        "code": code,
        "message": "Sorry",
        "request_id": "request-1",
        "timestamp": "2026-11-23T12:00:00.000000Z",
        "errors": {"email": ["This is taken."]} if code == "validation_error" else {},
    }
    return httpx.Response(status, json=body, headers={"X-Request-ID": "request-1", **named})


def page(*rows: dict[str, Any], after: str | None = None) -> httpx.Response:
    """A page; the next one is at a host that must not be asked."""
    following = after and f"https://elsewhere.example.com/api/v1/users/?page_size=2&cursor={after}"
    return httpx.Response(200, json={"results": rows, "next": following, "previous": None})
