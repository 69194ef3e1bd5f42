"""Families of processes, and their memory: pages that they share are counted once."""

import re
from pathlib import Path
from threading import Event, Thread
from typing import Self

from tests.waiting import wait_for

MIB = 1024 * 1024
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


def workers(pid: int, amount: int = 2) -> list[int]:
    """The workers of a gunicorn, once all have been started."""
    wait_for(lambda: len(children(pid)) == amount, 10)
    return children(pid)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(found for child in children(pid) for found in family(child))]


def used(*pids: int) -> int:
    """Bytes that the families of these processes take together."""
    return sum(_pss(member) for pid in pids for member in family(pid))


def _pss(pid: int) -> int:
    try:
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:  # it has ended meanwhile
        return 0
    return int(found[1]) * 1024 if found else 0


class Peak:
    """Looks again and again until the block ends, and remembers the most."""

    def __init__(self, *pids: int, every: float = 0.1) -> None:
        self.most = 0
        self._pids = pids
        self._every = every
        self._ended = Event()
        self._thread = Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.is_set():
            self.most = max(self.most, used(*self._pids))
            self._ended.wait(self._every)
