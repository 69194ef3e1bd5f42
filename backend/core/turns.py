"""Who may compute: threads that all want Python's lock spend their time on handing it round."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
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
        self._free: SimpleQueue[int] = SimpleQueue()
        self._finished = 0
        for _ in range(number):
            self._free.put(0)

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
        while True:
            finished = self._finished
            try:
                self._free.get(timeout=STALL_SECONDS)
            except Empty:
                if self._finished == finished:
                    return False
            else:
                return True

    def _give_back(self) -> None:
        if _here.turns is self:
            _here.turns = None
            self._free.put(0)


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
