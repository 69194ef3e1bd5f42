"""What this app asks of a request: the session behind its bearer token."""

from django.http import HttpRequest

from backend.authentication.models import Session


class SessionRequest(HttpRequest):
    """A request whose bearer has been checked."""

    auth: Session
