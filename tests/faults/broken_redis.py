"""A Redis of our own, to be treated badly."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread

from redis.exceptions import OutOfMemoryError

from tests import processes
from tests.servers import Server, ask_redis, redis_client
from tests.waiting import until

PAUSE_SECONDS = 12.0
FLUSH_EVERY_SECONDS = 0.5
_FILLERS = 8


@dataclass
class Redis:
    """Paused, killed, filled up or flushed, and well again afterwards."""

    server: Server

    @property
    def process(self) -> processes.Process:
        assert self.server.process
        return self.server.process

    @property
    def pid(self) -> int:
        assert self.process.popen
        return self.process.popen.pid

    @property
    def url(self) -> str:
        return self.server.variables["REDIS_URL"]

    @property
    def variables(self) -> dict[str, str]:
        """What leads a service here."""
        return dict(self.server.variables)

    def set_memory(self, limit: str) -> None:
        with redis_client(self.url) as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", limit)

    def clients(self) -> int:
        """How many connections there are."""
        with redis_client(self.url) as client:
            return int(str(client.info("clients")["connected_clients"]))

    def flush(self) -> None:
        """Forget everything, of every database."""
        with redis_client(self.url) as client:
            client.flushall()

    @contextmanager
    def paused(self) -> Iterator[None]:
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    @contextmanager
    def killed(self) -> Iterator[None]:
        command = self.process.popen.args if self.process.popen else ()
        os.kill(self.pid, signal.SIGKILL)
        assert self.process.popen
        self.process.popen.wait(5)
        try:
            yield
        finally:
            self.process.run(*command)  # type: ignore[misc]  # a sequence, as we gave it
            self.process.wait_for(partial(ask_redis, self.url, origin="started again"))

    @contextmanager
    def client_paused(self) -> Iterator[None]:
        """It accepts, and lets every command wait, that of ending the pause too."""
        with redis_client(self.url) as client:
            client.client_pause(int(PAUSE_SECONDS * 1000), all=True)
        ends_at = time.monotonic() + PAUSE_SECONDS
        yield
        until(lambda: time.monotonic() >= ends_at)
        self.process.wait_for(partial(ask_redis, self.url, origin="paused no more"))

    @contextmanager
    def full(self) -> Iterator[None]:
        """Every write is refused."""
        self.set_memory("1mb")
        self._fill()
        try:
            yield
        finally:
            self.set_memory("0")
            with redis_client(self.url) as client:
                client.delete(*(f"filler-{number}" for number in range(_FILLERS)))

    def _fill(self) -> None:
        """A write is let through as long as there is any room: the last one goes far beyond."""
        with redis_client(self.url) as client, suppress(OutOfMemoryError):
            for number in range(_FILLERS):
                client.set(f"filler-{number}", "x" * 512 * 1024)
            raise AssertionError("it takes more than it should")

    @contextmanager
    def flushed(self) -> Iterator[None]:
        """Twice a second it forgets everything."""
        ended = Event()

        def flush() -> None:
            while not ended.wait(FLUSH_EVERY_SECONDS):
                self.flush()

        thread = Thread(target=flush)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def running() -> Iterator[Redis]:
    """A Redis that nobody else uses."""
    server = processes.start_redis()
    assert server.process
    try:
        yield Redis(server)
    finally:
        server.process.stop()
