"""What the contract says of sessions, in so many words: the model that the service is held against.

It knows people and their devices, a device being a session: who spent which token when, and how.
It reads no row and no token, only the clock.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from backend.core.http.client import Client

ACCESS, REFRESH, SESSION = timedelta(minutes=15), timedelta(days=7), timedelta(days=30)
RACE, LEEWAY = timedelta(seconds=10), timedelta(seconds=2)

OK, REPLAYED, NO_CONTENT = "200", "200 replayed", "204"
EXPIRED, REVOKED = "token_expired", "session_revoked"
ROTATED, REUSED = "refresh_token_rotated", "refresh_token_reused"


@dataclass
class Person:
    """Somebody with an account."""

    email: str
    password: str
    is_active: bool = True


@dataclass(frozen=True)
class Token:
    """A token as its holder sees it, and when it ends: a whole second."""

    text: str
    ends: datetime

    def is_expired(self, now: datetime) -> bool:
        return self.ends + LEEWAY <= now


@dataclass
class Device:
    """A login, until it is over.

    Attributes:
        ends: The end of the session, however often it is refreshed.
        refresh_ends: The end of its refresh token, to the microsecond.
        client: Who refreshed or logged in last, ``spent_at`` when and ``key`` with which key.
        refreshes: Every refresh token in the order of their birth; the last one is good.
        accesses: Every access token.
    """

    id: UUID
    owner: Person
    ends: datetime
    refresh_ends: datetime
    client: Client
    spent_at: datetime
    key: str = ""
    is_over: bool = False
    refreshes: list[Token] = field(default_factory=list)
    accesses: list[Token] = field(default_factory=list)

    @classmethod
    def born(cls, device_id: UUID, owner: Person, *, client: Client, now: datetime) -> "Device":
        """A login."""
        return cls(device_id, owner, now + SESSION, now + REFRESH, client, spent_at=now)

    def back(self, steps: int) -> Token:
        """The refresh token so many before the latest, or the first."""
        return self.refreshes[max(len(self.refreshes) - 1 - steps, 0)]

    def has_ended(self, now: datetime) -> bool:
        """For good: no token of it is ever answered again."""
        return self.is_over or now >= self.ends

    def is_listed(self, now: datetime) -> bool:
        """Whether its owner sees it among their live sessions."""
        return not self.has_ended(now) and now < self.refresh_ends

    def expect_access(self, token: Token, now: datetime) -> str:
        """What becomes of a bearer."""
        if token.is_expired(now):
            return EXPIRED
        return REVOKED if self.has_ended(now) else OK

    def expect_refresh(self, token: Token, *, client: Client, key: str, now: datetime) -> str:
        """What becomes of a refresh token that is spent."""
        if token.is_expired(now):
            return EXPIRED
        if self.has_ended(now):
            return REVOKED
        if token == self.refreshes[-1]:
            return OK
        if token == self.refreshes[-2]:
            if key and key == self.key:
                return REPLAYED
            if now - self.spent_at <= RACE and client == self.client:
                return ROTATED
        return REUSED

    def note_rotation(self, *, client: Client, key: str, now: datetime) -> None:
        """The latest refresh token was exchanged."""
        self.client, self.key, self.spent_at = client, key, now
        self.refresh_ends = min(now + REFRESH, self.ends)

    def note_pair(self, access: str, refresh: str, now: datetime) -> None:
        """Tokens were handed out; those of a replay are in part the ones there were."""
        self.accesses.append(Token(access, _second(min(now + ACCESS, self.ends))))
        successor = Token(refresh, _second(self.refresh_ends))
        if successor not in self.refreshes:
            self.refreshes.append(successor)


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
