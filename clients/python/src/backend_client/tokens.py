"""The tokens of a login, and where they are kept."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from hashlib import sha256
from inspect import isawaitable
from typing import Protocol, TypeVar
from uuid import uuid4

from .models import TokenPair

T = TypeVar("T")


def _new_key() -> str:
    return uuid4().hex


@dataclass(frozen=True)
class Tokens:
    """A login. Secret: whoever has it is the user.

    Attributes:
        access: Opens the API.
        refresh: Is exchanged for the next pair, once.
        expires_at: When ``access`` ends: seconds since 1970, by the clock of this machine.
        refresh_key: The ``Idempotency-Key`` that ``refresh`` is spent with. It is kept beside it,
            so that a lost answer can be asked for again, even by another process.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: float
    refresh_key: str = field(default_factory=_new_key, repr=False)

    @classmethod
    def of(cls, pair: TokenPair, now: float) -> "Tokens":
        """The tokens of a new login."""
        return cls(pair.access, pair.refresh, now + pair.expires_in)

    def successor(self, pair: TokenPair, now: float) -> "Tokens":
        """What this login goes on with.

        Processes that share a store may get the same answer; so they also get the same key.
        """
        key = sha256(f"{self.refresh_key}:{pair.refresh}".encode()).hexdigest()
        return Tokens(pair.access, pair.refresh, now + pair.expires_in, key)


class TokenStore(Protocol):
    """Keeps the tokens: in memory by default, anywhere if you write these three methods."""

    def load(self) -> Tokens | None:
        """What is kept now. It is asked before every call, so it should be fast."""

    def save(self, tokens: Tokens, /) -> None:
        """Keep these instead."""

    def clear(self) -> None:
        """Keep nothing."""


class AsyncTokenStore(Protocol):
    """The same for ``AsyncClient``, with methods that may wait."""

    async def load(self) -> Tokens | None:
        """What is kept now."""

    async def save(self, tokens: Tokens, /) -> None:
        """Keep these instead."""

    async def clear(self) -> None:
        """Keep nothing."""


class MemoryTokens:
    """Keeps the tokens as long as the process lives."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens

    def load(self) -> Tokens | None:
        """What is kept now."""
        return self._tokens

    def save(self, tokens: Tokens, /) -> None:
        """Keep these instead."""
        self._tokens = tokens

    def clear(self) -> None:
        """Keep nothing."""
        self._tokens = None


async def settled(value: T | Awaitable[T]) -> T:
    """What a store of either kind says."""
    return await value if isawaitable(value) else value
