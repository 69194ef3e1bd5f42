"""`python -m tests.faults.stepped_clock MODULE …` runs a module by a clock that a file steps.

The file that CLOCK_FILE names holds the seconds by which the time of day is ahead. Whatever is
imported afterwards sees nothing but that; the monotonic clock goes on as it does on any machine.
"""

import datetime as dt
import os
import runpy
import sys
import time
from pathlib import Path
from typing import Any, Self

_real = dt.datetime
_real_time = time.time
_file = Path(os.environ.get("CLOCK_FILE", os.devnull))


def ahead() -> float:
    """By how many seconds the clock is ahead."""
    return float(_file.read_text() or 0)


class _AnyDatetime(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _real)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _real)


class Stepped(_real, metaclass=_AnyDatetime):
    """What `datetime.datetime` is; its instances are real ones, for code that asks for the type."""

    def __new__(cls, *args: Any, **options: Any) -> Self:
        return _real.__new__(_real if cls is Stepped else cls, *args, **options)  # type: ignore[return-value]  # meant

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Self:
        return _real.now(tz) + dt.timedelta(seconds=ahead())  # type: ignore[return-value]  # meant

    @classmethod
    def utcnow(cls) -> Self:
        return cls.now(dt.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Self:
        return cls.now()


def install() -> None:
    """Replace the clocks of this process, and of those that it forks."""
    dt.datetime = Stepped  # type: ignore[misc]
    time.time = lambda: _real_time() + ahead()
    time.time_ns = lambda: int(time.time() * 1e9)


if __name__ == "__main__":
    install()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
