"""The security headers of every answer, errors and static files included."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

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
        response["X-Content-Type-Options"] = "nosniff"
        response["X-Frame-Options"] = settings.X_FRAME_OPTIONS
        response["Referrer-Policy"] = "same-origin" if is_page else "no-referrer"
        response["Cross-Origin-Opener-Policy"] = "same-origin"
        response.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else JSON_POLICY)
        if request.is_secure():
            hsts = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"
            response["Strict-Transport-Security"] = hsts
        if PRIVATE.match(request.path_info):
            patch_cache_control(response, no_store=True)
        return response
