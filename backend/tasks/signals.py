"""Running until the operating system says stop."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def wait_for_the_end() -> Iterator[None]:
    """Run the block, then wait for SIGTERM or SIGINT, whichever came in the meantime included.

    A signal becomes a byte in a pipe, whatever thread it reaches. Handlers that set an event or put
    into a queue can interrupt each other, and block for ever.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    yield
    os.read(reader, 1)
