"""What the load generator could do: a constant answer, without reading what was asked."""

import asyncio
import os

import uvloop

BODY = b'{"status":"healthy"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Constant(asyncio.Protocol):
    """Answers every packet; the load generator sends one request in each."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  (nobody looks)
        """Answer."""
        self.transport.write(ANSWER)


async def main() -> None:
    """Serve until somebody ends it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Constant, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


uvloop.run(main())
