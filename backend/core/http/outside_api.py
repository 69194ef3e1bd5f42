"""Django's middleware for people with a browser, skipped for the API.

The API's callers carry a token: there is no cookie to read, no CSRF to fear and no message to show,
and each of these would cost every request its time.
"""

from typing import Any, cast

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware import csrf
from django.utils.deprecation import MiddlewareMixin

from backend.core.errors import DomainError
from backend.core.http.json_body import refuse_by_headers
from backend.core.http.pages import refusal


class OutsideApi(MiddlewareMixin):
    """Lets requests under ``/api/`` pass untouched."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        if request.path_info.startswith("/api/"):
            return cast("HttpResponseBase", self.get_response(request))
        return cast("HttpResponseBase", super().__call__(request))  # no coroutine under WSGI


class BodyMiddleware(OutsideApi):
    """Refuses unread what the worker has not waited for; the API has its gate for that."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Judge a body by its headers."""
        try:
            refuse_by_headers(request)
        except DomainError as error:
            return refusal(error)
        return None


class SessionMiddleware(OutsideApi, sessions.SessionMiddleware):
    """Cookie sessions, for the admin site."""


class CsrfViewMiddleware(OutsideApi, csrf.CsrfViewMiddleware):
    """CSRF tokens, for the admin site."""

    def process_view(
        self, request: HttpRequest, callback: Any, callback_args: Any, callback_kwargs: Any
    ) -> Any:
        """Judge a request that changes something; Django asks this beside ``__call__``."""
        if request.path_info.startswith("/api/"):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


class AuthenticationMiddleware(OutsideApi, auth.AuthenticationMiddleware):
    """``request.user``, for the admin site."""


class MessageMiddleware(OutsideApi, messages.MessageMiddleware):
    """One-time messages, for the admin site."""
