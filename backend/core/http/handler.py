"""Django's handler, which need not hold a path that it knows against one URL after the other."""

from functools import lru_cache

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.urls import ResolverMatch, get_resolver


class Handler(WSGIHandler):
    """Remembers where the last thousand paths have led."""

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Find the view of a request."""
        match = request.resolver_match = _resolve(request.path_info)
        return match


@lru_cache(maxsize=1024)
def _resolve(path: str) -> ResolverMatch:
    return get_resolver().resolve(path)
