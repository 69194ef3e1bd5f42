"""The project's URLs, and some that end in failures no operation has; see ``test_middleware``."""

from typing import NoReturn

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver, include, path

SECRET = "hunter2hunter2"


def _raiser(exception: Exception) -> URLPattern:
    def view(request: HttpRequest) -> NoReturn:
        password = SECRET
        assert password
        raise exception

    return path(f"{PREFIX}/{type(exception).__name__}/", view)


def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"fine")


def not_allowed(request: HttpRequest) -> HttpResponse:
    return HttpResponseNotAllowed(["PUT", "GET"])


def unavailable(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=503)


PREFIX = "api/v1/failing"
FAILURES: dict[str, int] = {
    "BadRequest": 400,
    "SuspiciousOperation": 400,
    "PermissionDenied": 403,
    "Http404": 404,
    "OperationalError": 503,
    "RuntimeError": 500,
    "UnicodeEncodeError": 500,
}
urlpatterns: list[URLPattern | URLResolver] = [
    _raiser(BadRequest(SECRET)),
    _raiser(SuspiciousOperation(SECRET)),
    _raiser(PermissionDenied(SECRET)),
    _raiser(Http404(SECRET)),
    _raiser(OperationalError(SECRET)),
    _raiser(RuntimeError(SECRET)),
    _raiser(UnicodeEncodeError("utf-8", SECRET, 0, 1, "why")),
    path(f"{PREFIX}/not_allowed/", not_allowed),
    path(f"{PREFIX}/unavailable/", unavailable),
    path(f"{PREFIX}/fine/", fine),
    path("", include("project.urls")),
]
