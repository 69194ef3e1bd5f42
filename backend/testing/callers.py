"""People who are signed in already: rows and a session, without the way in and its hashing."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol, Self

from django.utils import timezone

from backend.authentication import sessions
from backend.core.http.client import NOBODY
from backend.testing import staff
from backend.testing.accounts import PASSWORD, new_address
from backend.testing.browser import Browser, browser
from backend.testing.client import Answer, InProcess
from backend.users import passwords
from backend.users.models import User


class Caller(InProcess):
    """Calls operations as a user, in process; a ``token`` given to a call goes before theirs.

    Attributes:
        user: The row as it was made; ``user.refresh_from_db()`` reads it again.
        access: The access token.
        refresh: The refresh token.
    """

    def __init__(self, user: User, *, password: str = PASSWORD) -> None:
        super().__init__()
        self.user = user
        self.password = password
        self.access = self.refresh = ""
        self.sign_in()

    @property
    def email(self) -> str:
        """The address."""
        return self.user.email

    def sign_in(self) -> Self:
        """Open a further session and use it from now on."""
        self.user.refresh_from_db(fields=["session_epoch"])  # others may have raised it
        pair = sessions.open_session(self.user, client=NOBODY, now=timezone.now())
        self.access, self.refresh = pair.access, pair.refresh
        return self

    def permit(self, *permissions: str, through_a_group: bool = False) -> Self:
        """Make the user staff, with these permissions (``app.codename``) beside those they have."""
        staff.grant(self.user, *permissions, through_a_group=through_a_group)
        self.user = User.objects.get(pk=self.user.pk)  # Django keeps permissions with the instance
        return self

    def browser(self) -> Browser:
        """A browser in which the user is signed in to the admin site."""
        return browser(self.user)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request as the user and check its answer against the document."""
        bearer = self.access if token is None else token
        return super().call(method, path, body=body, token=bearer, headers=headers)


class MakeUser(Protocol):
    """The type of the fixture ``make_user``."""

    def __call__(self, *, password: str = PASSWORD, **fields: Any) -> User:
        """A user's row; ``fields`` are the model's."""


class SignIn(Protocol):
    """The type of the fixture ``sign_in``."""

    def __call__(self, *, password: str = PASSWORD, **fields: Any) -> Caller:
        """Somebody new who is signed in; ``fields`` are the model's."""


def make_user(*, password: str = PASSWORD, **fields: Any) -> User:
    """A user's row, without what registering causes: no mail, no event."""
    email = fields.pop("email", None) or new_address()
    user = User.objects.model(email=email, password=_hash(password), **fields)
    user.clean()  # the canonical form of the address
    user.save(force_insert=True)
    return user


def sign_in(*, password: str = PASSWORD, **fields: Any) -> Caller:
    """Somebody new who is signed in."""
    return Caller(make_user(password=password, **fields), password=password)


@cache
def _hash(password: str) -> str:
    """One hash for everybody of the same password: a test seldom looks at it."""
    return passwords.hash_password(password)
