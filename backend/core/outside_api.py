"""Django's middleware for people with a browser, skipped for the API.

The API's callers carry a token: there is no cookie to read, no CSRF to fear and no message to show,
and each of these would cost every request its time.
"""

from typing import cast

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponseBase
from django.middleware import csrf
from django.utils.deprecation import MiddlewareMixin


class OutsideApi(MiddlewareMixin):
    """Lets requests under ``/api/`` pass untouched."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        if request.path_info.startswith("/api/"):
            return cast("HttpResponseBase", self.get_response(request))
        return cast("HttpResponseBase", super().__call__(request))  # no coroutine under WSGI


class SessionMiddleware(OutsideApi, sessions.SessionMiddleware):
    """Cookie sessions, for the admin site."""


class CsrfViewMiddleware(OutsideApi, csrf.CsrfViewMiddleware):
    """CSRF tokens, for the admin site; Ninja's views are exempt."""


class AuthenticationMiddleware(OutsideApi, auth.AuthenticationMiddleware):
    """``request.user``, for the admin site."""


class MessageMiddleware(OutsideApi, messages.MessageMiddleware):
    """One-time messages, for the admin site."""
