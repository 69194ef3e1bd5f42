"""Paths end in a slash: one that only lacks it is told where to go, with method and body."""

from django.conf import settings
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.urls import resolve
from django.utils.http import escape_leading_slashes


class PermanentRedirect(HttpResponsePermanentRedirect):
    """308, which keeps method and body where 301 lets clients turn a POST into a GET."""

    status_code = 308


class SlashMiddleware(CommonMiddleware):
    """Django's own, with 308; it also refuses hosts that are not in ``ALLOWED_HOSTS``."""

    response_redirect_class = PermanentRedirect

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        """Judge host and slash. Metrics are asked for by whatever address an instance has."""
        if settings.METRICS_TOKEN and request.path_info == "/metrics":
            return None
        return super().process_request(request)

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        """Whether there is something at the path with the slash; at a version's root is nothing."""
        if not super().should_redirect_with_slash(request):
            return False
        return resolve(f"{request.path_info}/").url_name != "api-root"

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """The same path and query with the slash, for every method (Django's raises in DEBUG)."""
        return escape_leading_slashes(request.get_full_path(force_append_slash=True))
