"""The first and the last to see a request: its id, its clock, its one access line."""

import re
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from backend.core import errors
from backend.core.context import accept_request_id, request_id
from backend.core.errors import DomainError
from backend.core.http import pages
from backend.core.http.client import Client, trust_forwarded_scheme
from backend.core.http.client import current as current_client
from backend.core.telemetry import metrics
from backend.core.telemetry.log import logger

if TYPE_CHECKING:
    from loguru import Record

type GetResponse = Callable[[HttpRequest], HttpResponseBase]

_API = "/api/"


def _as_access(record: "Record") -> None:
    record["name"] = "backend.access"


_LINE = logger.patch(_as_access)


class RequestMiddleware:
    """Gives every request an id and a client, and every answer a line."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        started = time.perf_counter()
        current = accept_request_id(request.META.get("HTTP_X_REQUEST_ID"))
        client = Client.of(request)
        id_token, client_token = request_id.set(current), current_client.set(client)
        try:
            trust_forwarded_scheme(request)
            response = self.get_response(request)
            response["X-Request-ID"] = current
            if request.method == "HEAD":
                _drop_body(response)
            if getattr(response, "content", None) == b"" and request.method != "HEAD":
                del response["Content-Type"]  # what is not there has no type
            _note(request, response, started)
            response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  (Django's flag)
            return response
        finally:
            current_client.reset(client_token)
            request_id.reset(id_token)

    def process_exception(self, _: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer refusals of pages outside the API, whose operations have their handlers."""
        if isinstance(exception, OperationalError | InterfaceError):
            exception = errors.ServiceUnavailable()
        if not isinstance(exception, DomainError):
            return None
        return pages.refusal(exception)


def _drop_body(response: HttpResponseBase) -> None:
    """Leave of an answer what a ``HEAD`` may have. gunicorn would too, with a warning each time."""
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""


class EnvelopeMiddleware:
    """Puts every refusal under ``/api/`` into the envelope, whoever made it.

    It stands inside the middleware of the headers, which so see what is really answered.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        return _in_envelope(request, self.get_response(request))


def _in_envelope(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Replace the pages that Django itself makes of a failure; our own answers are JSON already."""
    if (
        response.status_code < 400  # noqa: PLR2004
        or not f"{request.path_info}/".startswith(_API)
        or response.get("Content-Type", "").startswith("application/json")
    ):
        return response
    replaced: HttpResponse = errors.envelope(errors.by_status(response.status_code)())
    if "Allow" in response:
        replaced["Allow"] = response["Allow"]
    for name, value in response.items():
        if name.lower() not in {"content-type", "content-length"}:
            replaced.setdefault(name, value)
    return replaced


def _note(request: HttpRequest, response: HttpResponseBase, started: float) -> None:
    seconds, route = time.perf_counter() - started, route_of(request)
    metrics.request_answered(request.method, route, response.status_code, seconds)
    milliseconds = round(seconds * 1000, 1)
    slow = milliseconds >= settings.SLOW_REQUEST_MS
    _LINE.bind(
        method=request.method if request.method in metrics.METHODS else metrics.OTHER,
        route=route,
        status=response.status_code,
        duration_ms=milliseconds,
        user_id=user_id_of(request),
        client=Client.of(request).ip_address,
    ).log("WARNING" if slow else "INFO", "slow request" if slow else "request")


_PARAMETER = re.compile(r"(?<!\?P)<(?:\w+:)?(\w+)>")


def route_of(request: HttpRequest) -> str:
    """The matched pattern, never the path: it groups, and a path can carry anything."""
    match = request.resolver_match
    return _written(match.route) if match and match.route else "(none)"


@cache  # of the routes that there are
def _written(route: str) -> str:
    return "/" + _PARAMETER.sub(r"{\1}", route)


def user_id_of(request: HttpRequest) -> str | None:
    """Whoever the bearer check or the admin's session found; asks nobody again."""
    bearer = getattr(request, "auth", None)
    if bearer is not None:
        return str(bearer.user_id)
    user = getattr(request, "_cached_user", None)
    return str(user.pk) if user is not None and user.pk else None
