"""A worker's own ``/metrics``, on a port of its own: it serves nothing else."""

from collections.abc import Iterable
from socket import AF_INET, AF_INET6
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings

from backend.core.telemetry import sampling

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SILENCE_SECONDS = 5.0


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.address_family = AF_INET6 if ":" in host else AF_INET
        super().__init__((host, port), _Handler)
        self.set_app(_answer)


class _Handler(WSGIRequestHandler):
    timeout = SILENCE_SECONDS  # whoever says nothing keeps no thread

    def log_message(self, *_: Any) -> None:
        """Say nothing: a scrape every few seconds is not worth a line."""


def start() -> _Server | None:
    """Answer from now on, where there are a ``METRICS_TOKEN`` and a ``WORKER_METRICS_PORT``."""
    host, port = settings.WORKER_METRICS
    if not settings.METRICS_TOKEN or not port:
        return None
    server = _Server(host.strip("[]"), port)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _answer(request: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    from backend.core.telemetry import exposition  # noqa: PLC0415  (only where somebody can ask)

    if request["PATH_INFO"] != "/metrics":
        return _say("404 Not Found", b"Not found", start_response)
    if not exposition.permits(request.get("HTTP_AUTHORIZATION", "")):
        return _say("401 Unauthorized", b"Authentication is required", start_response)
    sampling.sample()
    return _say("200 OK", exposition.render(), start_response, exposition.CONTENT_TYPE)


def _say(
    status: str, body: bytes, start_response: "StartResponse", content_type: str = "text/plain"
) -> Iterable[bytes]:
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    if status.startswith("401"):
        headers.append(("WWW-Authenticate", "Bearer"))
    start_response(status, headers)
    return [body]
