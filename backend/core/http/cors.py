"""CORS for those who ask for it: a browser names its page's origin, no other caller does."""

from typing import cast

from corsheaders import middleware
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers


class CorsMiddleware(middleware.CorsMiddleware):
    """The library's own, which reads every header, skipped where there is no origin."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        if "HTTP_ORIGIN" in request.META:
            return cast("HttpResponseBase", super().__call__(request))  # no coroutine under WSGI
        response = cast("HttpResponseBase", self.get_response(request))
        if self.is_enabled(request):
            patch_vary_headers(response, ("origin",))
        return response
