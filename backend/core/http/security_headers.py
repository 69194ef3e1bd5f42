"""The security headers of every answer, errors and static files included."""

import re
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.http.response import ResponseHeaders

type GetResponse = Callable[[HttpRequest], HttpResponseBase]

JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"
# The admin site and the documents load their own scripts and styles, and nobody else's. ReDoc and
# Swagger UI style themselves from script, and search in a worker made from a blob.
PAGE_POLICY = "; ".join(  # noqa: FLY002  (one directive a line)
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
# Answers about accounts must not stay in any cache on the way.
PRIVATE = re.compile(r"/api/v\d+/(auth|users)/")


class SecurityHeadersMiddleware:
    """Adds the headers on the way out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with security headers."""
        response = self.get_response(request)
        is_html = response.get("Content-Type", "").startswith("text/html")
        is_page = is_html and getattr(response, "content", b"") != b""
        is_private = PRIVATE.match(request.path_info) is not None
        added = _added(is_page=is_page, is_secure=request.is_secure(), is_private=is_private)
        policy = response.get("Content-Security-Policy")
        response.headers._store.update(added._store)  # noqa: SLF001  (as they are: they have been checked)
        if policy is not None:
            response["Content-Security-Policy"] = policy
        return response


@cache
def _added(*, is_page: bool, is_secure: bool, is_private: bool) -> ResponseHeaders:
    """The headers of one kind of answer, checked by Django once and not with every answer."""
    added = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Referrer-Policy": "same-origin" if is_page else "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Content-Security-Policy": PAGE_POLICY if is_page else JSON_POLICY,
    }
    if is_secure:
        hsts = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"
        added["Strict-Transport-Security"] = hsts
    if is_private:
        added["Cache-Control"] = "no-store"
    return ResponseHeaders(added)
