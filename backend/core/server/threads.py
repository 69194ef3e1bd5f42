"""What a thread does with a whole request; the main loop's part is the worker."""

from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from backend.core.server.connection import Connection
from backend.core.server.deadlines import Deadlines
from backend.core.server.refusal import Judged, by_status, refuse
from backend.core.server.turns import Turns

TURNS = 2  # threads that compute at once


class Threads(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads: they parse, run the application and write, and wait for no client."""

    alive: bool

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._queued = Deadlines()  # writes that wait in the main loop for a thread
        self._turns = Turns(TURNS)

    def handle(self, conn: Connection) -> bool:
        """Answer a whole request, and those that follow at once while nobody else waits.

        Returns whether there may be another request on this connection.
        """
        while True:
            conn.begin()
            with self._turns.taken():
                is_kept = super().handle(conn)
            if not is_kept or not conn.end():
                return False
            if conn.sock.unsent or not self.alive or self._others_wait(conn):
                return True
            if not conn.goes_on():
                return True
            if not conn.writes and not conn.arrival.reads():
                return True  # the main loop decides about it

    def _others_wait(self, conn: Connection) -> bool:
        if conn.writes and self._queued:
            return True
        return self.tpool._work_queue.qsize() > 0  # type: ignore[no-any-return]  # noqa: SLF001  (it tells nowhere else)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """Whether the connection can be used again. What is left of the body is here."""
        return bool(keepalive and conn.parser.finish_body())

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Have gunicorn judge and note what its parser refused; the answer is ours."""
        judged = Judged()
        super().handle_error(req, judged, addr, exc)
        with suppress(OSError):
            client.sendall(refuse(by_status(judged.status), client=addr[0] if addr else None))
