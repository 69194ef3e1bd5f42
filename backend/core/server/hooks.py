"""What gunicorn's configuration calls: before it serves, and before each request."""

import gc
import resource
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from gunicorn.http.errors import InvalidHeader, InvalidHTTPVersion, InvalidRequestLine
from gunicorn.http.message import Request

from backend.core.server import draining
from backend.core.server.arrival import MOST_DIGITS

CONNECTIONS = 1_000
OTHER_FILES = 200  # of a process: connections to PostgreSQL and Redis, pipes, logs, libraries
MEMORY_FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (names in it are ours)


def most_connections() -> int:
    """How many connections a process holds: 1,000, or what it may open less its other files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + OTHER_FILES
    if 0 <= soft < wanted:
        soft = wanted if hard < 0 else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS if soft < 0 else min(CONNECTIONS, soft - OTHER_FILES)


def when_ready(arbiter: Any) -> None:
    """Drain before stopping.

    What has been imported by now is not garbage: as long as nobody looks for any in it, workers
    share its memory.
    """
    draining.postpone_stop(arbiter)
    gc.freeze()
    gc.enable()


def pre_request(_: object, request: Request) -> None:
    """Judge a request by its head, before the application sees it.

    Behind a body that the application will refuse unread the connection is closed: otherwise
    gunicorn would look for the next request in it. Nobody is invited to send a body any more: the
    worker has done so, or does not want it.

    Raises:
        ParseException: it is no HTTP/1.1, or names no host, or two.
    """
    if request.version not in {(1, 0), (1, 1)}:
        raise InvalidHTTPVersion(request.version)
    headers = dict(request.headers)
    _require_one_host(request, headers.get("HOST"))
    length = headers.get("CONTENT-LENGTH", "0").lstrip("0") or "0"
    too_large = len(length) > MOST_DIGITS or int(length) > settings.MAX_BODY_BYTES
    if too_large or "TRANSFER-ENCODING" in headers:
        request.force_close()
    request._expected_100_continue = False  # noqa: SLF001  (gunicorn's own invitation)


def _require_one_host(request: Request, host: str | None) -> None:
    """A host in the target and another in the header: somebody on the way believed the other."""
    if host is None and request.version >= (1, 1):
        raise InvalidHeader("HOST")
    if request.uri.startswith("/") or request.uri == "*":
        return
    target = urlsplit(request.uri)
    if target.scheme.lower() not in {"http", "https"} or target.netloc != host:
        raise InvalidRequestLine("")
