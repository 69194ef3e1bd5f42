"""A Redis of our own, to be treated badly."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from tests import processes
from tests.servers import Server, ask_redis, redis_client


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
    def full(self) -> Iterator[None]:
        self.set_memory("100kb")  # far less than an empty one takes: every write is refused
        try:
            yield
        finally:
            self.set_memory("0")


@contextmanager
def running() -> Iterator[Redis]:
    """A Redis that nobody else uses."""
    server = processes.start_redis()
    assert server.process
    try:
        yield Redis(server)
    finally:
        server.process.stop()
