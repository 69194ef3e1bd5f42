"""Running until the operating system says stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event


@contextmanager
def wait_for_the_end() -> Iterator[None]:
    """Run the block, then wait for SIGTERM or SIGINT, whichever came in the meantime included."""
    asked = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    yield
    asked.wait()
