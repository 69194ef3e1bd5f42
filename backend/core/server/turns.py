"""Who may compute: threads that all want Python's lock spend their time on handing it round."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Optional

STALL_SECONDS = 0.02


class _Here(threading.local):
    """Whose turn this thread has, if any."""

    turns: Optional["Turns"] = None


_here = _Here()


class Turns:
    """A number of turns, which threads wait for while those who have one get on.

    When nobody has finished for ``STALL_SECONDS``, those who have a turn are waiting themselves,
    for a slow server or a hash. Then whoever waits goes ahead without one.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[Lock] = deque()
        self._lock = Lock()
        self._finished = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have a turn, or go ahead without, until the block ends."""
        _here.turns = self if self._take() else None
        try:
            yield
        finally:
            self._finished += 1
            self._give_back()

    def _take(self) -> bool:
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        return self._comes(mine)

    def _comes(self, mine: Lock) -> bool:
        finished = self._finished
        while not mine.acquire(timeout=STALL_SECONDS):
            if self._finished == finished:
                return not self._has_left(mine)
            finished = self._finished
        return True

    def _has_left(self, mine: Lock) -> bool:
        with self._lock, suppress(ValueError):
            self._waiting.remove(mine)
            return True
        return False  # it came at the last moment

    def _give_back(self) -> None:
        """Hand it to who has waited longest: a lock would go to whoever is fastest, every time."""
        if _here.turns is not self:
            return
        _here.turns = None
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


@contextmanager
def stepped_aside() -> Iterator[None]:
    """Let others compute, for the time of a wait that is known to be long."""
    turns = _here.turns
    if turns is None:
        yield
        return
    turns._give_back()  # noqa: SLF001  (its own module's)
    try:
        yield
    finally:
        _here.turns = turns if turns._take() else None  # noqa: SLF001
