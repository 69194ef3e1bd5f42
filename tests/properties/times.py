"""What counting in a window means: a list of times; and how time passes where hits are counted.

Redis cannot be given another clock. Time passes there by moving the ends of its keys: whole minutes
at a time, so that the moments an example takes itself decide nothing.
"""

from collections.abc import Iterable

import redis

from backend.core.limits.counters import Count

MINUTE = 60


class Times:
    """When each hit was made that counts, and the ends of the windows that first ones began."""

    def __init__(self) -> None:
        self.now = 0
        self.ends: dict[str, int] = {}
        self._hits: dict[str, list[int]] = {}

    def counted(self, key: str) -> list[int]:
        if self.now >= self.ends.get(key, 0):
            self._hits[key] = []
        return self._hits[key]

    def hit(self, key: str, limit: int, window: int) -> Count:
        counted = self.counted(key)
        if not counted:
            self.ends[key] = self.now + window
        if allowed := len(counted) < limit:
            counted.append(self.now)
        return Count(allowed, len(counted), self.ends[key] - self.now)

    def give_back(self, key: str) -> None:
        if counted := self.counted(key):
            counted.pop()


class Clock:
    """Stands in for the module ``time``, and stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def move(self, minutes: int) -> None:
        self.now += minutes * MINUTE


def let_pass(server: redis.Redis, names: Iterable[str], minutes: int) -> None:
    """Bring the ends of keys nearer; a key whose end is reached is gone."""
    for name in names:
        server.pexpire(name, server.pttl(name) - minutes * MINUTE * 1000)
