"""A clock that stands still until it is moved, for everything that asks what time it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import pytest
from django.utils import timezone

from backend.authentication import tokens

# Long ago, so that what is signed at any time an example reaches was signed in the past; within a
# second, since tokens know whole seconds only.
START = datetime(2001, 9, 9, 1, 46, 40, 250_000, tzinfo=UTC)


class Clock:
    """The time of one example."""

    def __init__(self) -> None:
        self.now = START

    def move(self, by: timedelta) -> None:
        self.now += by

    def move_to(self, moment: datetime) -> None:
        """Never back."""
        self.now = max(self.now, moment)


@contextmanager
def stopped() -> Iterator[Clock]:
    """A clock that requests, services and tokens read."""
    clock = Clock()

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(clock.now.timestamp(), tz)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "datetime", Stopped)
        patch.setattr(timezone, "now", lambda: clock.now)
        yield clock
