"""What this app asks of a request: a user. Who put it there is not its business."""

from typing import Protocol
from uuid import UUID

from django.http import HttpRequest

from backend.users.models import User


class Caller(Protocol):
    """Whatever stands for an authenticated caller."""

    @property
    def pk(self) -> UUID:
        """The session in which they call."""

    @property
    def user(self) -> User:
        """The user who is calling."""

    @property
    def is_permitted(self) -> bool:
        """Whether the user has the permission that the operation asks for."""


class UserRequest(HttpRequest):
    """A request of somebody who is known."""

    auth: Caller
