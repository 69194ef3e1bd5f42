"""Rate limits: named groups, one rate each (``settings.RATE_LIMITS``), exact under concurrency.

With Redis away a limit that protects accounts goes on per process; the others let everybody pass.
Whatever was counted during a request is told in its answer's ``RateLimit`` headers.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from hashlib import blake2b

import redis
from django.conf import settings
from django.db import DatabaseError

from backend.core import breaker
from backend.core.errors import DomainError, ErrorCode, ServiceUnavailable
from backend.core.limits import counters
from backend.core.limits.counters import Count, Counters
from backend.core.telemetry import metrics


class Throttled(DomainError):
    """Too many of these from this caller; ``Retry-After`` says when to come back."""

    status = 429
    code = ErrorCode.THROTTLED
    message = "Too many requests, try again later"


@dataclass(frozen=True, slots=True)
class Spent:
    """One limit as it stands after a hit."""

    name: str
    quota: int
    window: int
    remaining: int
    ends_in: float

    @property
    def headers(self) -> dict[str, str]:
        """As ``draft-ietf-httpapi-ratelimit-headers`` writes it."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.quota};w={self.window}',
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.seconds}',
        }

    @property
    def seconds(self) -> int:
        """Until the window ends, rounded up."""
        return min(self.window, max(1, math.ceil(self.ends_in)))

    @property
    def ease(self) -> float:
        """How much of the quota is left, from 0 to 1."""
        return self.remaining / self.quota


_spent: ContextVar[dict[str, Spent] | None] = ContextVar("spent_limits", default=None)


@contextmanager
def observed() -> Iterator[dict[str, Spent]]:
    """Collect the limits hit inside the block, by name."""
    spent: dict[str, Spent] = {}
    token = _spent.set(spent)
    try:
        yield spent
    finally:
        _spent.reset(token)


def headers(spent: dict[str, Spent]) -> dict[str, str]:
    """The headers of the tightest limit, where there is any."""
    return min(spent.values(), key=lambda limit: limit.ease).headers if spent else {}


def hit(name: str, *caller: str, protects_accounts: bool) -> None:
    """Count a request of ``caller`` against a limit.

    Raises:
        Throttled: the limit is reached.
    """
    _hit(name, caller, protects_accounts=protects_accounts)


def permits(name: str, *caller: str) -> bool:
    """Count a request of ``caller``, and tell whether it is within the limit."""
    try:
        _hit(name, caller, protects_accounts=True)
    except Throttled:
        return False
    return True


@contextmanager
def attempt(name: str, *caller: str) -> Iterator[None]:
    """Count an attempt before it is made, and give it back if it succeeds.

    Raises:
        Throttled: the limit is reached.
    """
    made = _hit(name, caller, protects_accounts=True)
    try:
        yield
    except (ServiceUnavailable, DatabaseError):
        _give_back(made)  # nothing was decided, so nothing has failed
        raise
    _give_back(made)


@dataclass(frozen=True, slots=True)
class _Hit:
    """A counted hit, remembered so that it can be given back where and while it counts."""

    key: str
    where: Counters
    spent: Spent
    until: float


def _give_back(made: _Hit | None) -> None:
    if made is None or time.monotonic() >= made.until:
        return  # not counted, or in a window that has ended: the hits of the next are not ours
    with suppress(redis.RedisError):
        made.where.give_back(made.key)
        _note(replace(made.spent, remaining=made.spent.remaining + 1))


def _hit(name: str, caller: tuple[str, ...], *, protects_accounts: bool) -> _Hit | None:
    rate = settings.RATE_LIMITS[name]
    if rate is None:
        return None
    quota, window = rate
    key = f"{name}:{_digest(caller)}"
    where, count = _count(key, quota, window, protects_accounts=protects_accounts)
    metrics.rate_limit_hits.count(name, _outcome(where, count))
    if where is None or count is None:
        return None
    spent = Spent(name, quota, window, max(0, quota - count.count), count.ends_in)
    _note(spent)
    if not count.allowed:
        raise Throttled(headers={**spent.headers, "Retry-After": str(spent.seconds)})
    return _Hit(key, where, spent, time.monotonic() + count.ends_in)


def _count(
    key: str, quota: int, window: int, *, protects_accounts: bool
) -> tuple[Counters | None, Count | None]:
    shared = counters.shared()
    if shared is not None and breaker.redis.allows():
        try:
            count = shared.hit(key, limit=quota, window=window)
        except redis.RedisError as error:
            breaker.redis.failed(type(error).__name__)
        else:
            breaker.redis.succeeded()
            return shared, count
    if shared is not None and not protects_accounts:
        return None, None
    return counters.memory, counters.memory.hit(key, limit=quota, window=window)


def _outcome(where: Counters | None, count: Count | None) -> str:
    if count is not None and not count.allowed:
        return "refused"
    return "allowed" if where is (counters.shared() or counters.memory) else "fallback"


def _note(spent: Spent) -> None:
    observed_limits = _spent.get()
    if observed_limits is not None:
        observed_limits[spent.name] = spent


def _digest(caller: tuple[str, ...]) -> str:
    """Addresses of people and machines do not belong into a cache's keys."""
    return blake2b("\0".join(caller).encode(), digest_size=16).hexdigest()
