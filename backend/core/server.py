"""What gunicorn needs to know of the service: where its lines go, which bodies it must not read."""

import logging
import re
import socket
import struct
from typing import Any

from django.conf import settings
from gunicorn.config import Config
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http.message import Request
from gunicorn.workers.gthread import ThreadWorker

from backend.core import draining

READ_SECONDS = 5
_QUOTATION = re.compile(r"^(Invalid request from ip=\S+: [^:'\"]*).*", re.DOTALL)


class Logger(GunicornLogger):  # type: ignore[misc]  # gunicorn has no types
    """Hands gunicorn's lines to the service's log; the service writes its own access lines."""

    def setup(self, cfg: Config) -> None:
        """Take gunicorn's handlers away; what is left propagates to the root logger."""
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)
        self.access_log.handlers = []

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Quote nothing of a malformed request: there a secret can stand anywhere."""
        super().warning(_QUOTATION.sub(r"\1", msg), *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Leave out a request's address, whose query may hold a token."""
        if msg.startswith("Error handling request"):
            msg, args = "Error handling request", ()
        super().exception(msg, *args, **kwargs)

    def access(self, *_: Any, **__: Any) -> None:
        """Say nothing: ``core.middleware`` writes the access line."""


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads, with listeners that really close when they stop.

    Otherwise connections would go on being established, and nobody would ever answer them.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or end accepting; at the end take what has come so far, and hang up."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                self._take_all(listener)
                listener.close()

    def _take_all(self, listener: Any) -> None:
        taken = -1
        while taken != self.nr_conns:
            taken = self.nr_conns
            self.accept(listener)


def when_ready(arbiter: Any) -> None:
    """Drain before stopping, and wait for a silent client no longer than ``READ_SECONDS``.

    Connections inherit the option of their listener. Otherwise a few clients that send half a body
    would keep every thread for ever. A proxy that buffers requests, as production should have in
    front, never lets them come so far.
    """
    for listener in arbiter.LISTENERS:
        timeout = struct.pack("ll", READ_SECONDS, 0)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
    draining.postpone_stop(arbiter)


def pre_request(_: object, request: Request) -> None:
    """Close the connection behind a body that the application will refuse unread.

    Otherwise gunicorn would read the rest of it in search of the next request.
    """
    headers = dict(request.headers)
    length = headers.get("CONTENT-LENGTH", "0")
    too_large = not length.isdigit() or int(length) > settings.MAX_BODY_BYTES
    if too_large or "TRANSFER-ENCODING" in headers:
        request.force_close()
        request._expected_100_continue = False  # noqa: SLF001  (do not invite the body first)
