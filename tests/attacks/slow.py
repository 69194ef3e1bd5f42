"""Clients that send a byte, wait, and send another: any number of them, by one thread."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from urllib.parse import urlsplit

PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Slow:
    """A request, and how much of it is sent at once."""

    request: bytes
    begin: int = 1


@dataclass
class Crowd:
    """What became of the slow clients so far."""

    open: int = 0
    most: int = 0  # open at the same time
    sent: int = 0  # single bytes
    ended: int = 0  # connections that the service hung up on; each client comes back at once


@contextmanager
def trickling(url: str, clients: Sequence[Slow]) -> Iterator[Crowd]:
    """Have clients send a byte each half second until the block ends."""
    crowd, done = Crowd(), Event()
    thread = Thread(target=lambda: asyncio.run(_all(url, clients, crowd, done)), daemon=True)
    thread.start()
    try:
        yield crowd
    finally:
        done.set()
        thread.join(10)


async def _all(url: str, clients: Sequence[Slow], crowd: Crowd, done: Event) -> None:
    await asyncio.gather(*(_come_again(url, client, crowd, done) for client in clients))


async def _come_again(url: str, client: Slow, crowd: Crowd, done: Event) -> None:
    parts = urlsplit(url)
    while not done.is_set():
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            crowd.open += 1
            crowd.most = max(crowd.most, crowd.open)
            try:
                await _trickle(client, reader, writer, crowd, done)
            finally:
                crowd.open -= 1
                writer.close()


async def _trickle(
    client: Slow,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    crowd: Crowd,
    done: Event,
) -> None:
    writer.write(client.request[: client.begin])
    for number in range(client.begin, len(client.request)):
        with suppress(TimeoutError):
            if not await asyncio.wait_for(reader.read(65_536), PAUSE_SECONDS):
                crowd.ended += 1
                return
        if done.is_set():
            return
        writer.write(client.request[number : number + 1])
        crowd.sent += 1
