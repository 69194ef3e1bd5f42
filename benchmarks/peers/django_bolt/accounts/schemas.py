"""The shapes on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django_bolt.serializers import Serializer, field_validator, model_validator
from msgspec import Meta, Struct

Name = Annotated[str, Meta(max_length=150)]


class UserOut(Struct):
    """A user, as the user sees it."""

    id: UUID
    email: str
    email_verified: bool
    first_name: str
    last_name: str
    is_staff: bool
    created_at: datetime
    updated_at: datetime


class StaffUserOut(UserOut):
    """A user, as staff sees it."""

    is_active: bool
    is_superuser: bool
    last_login: datetime | None


class Page(Struct):
    """A page of users."""

    results: list[StaffUserOut]
    next: str | None
    previous: str | None = None


class Credentials(Struct):
    """A login."""

    email: str
    password: str


class Refresh(Struct):
    """A refresh token."""

    refresh: str


class TokenPair(Struct):
    """What a login or a refresh gives."""

    access: str
    refresh: str


class Registration(Serializer):
    """A new user."""

    email: str
    password: Annotated[str, Meta(min_length=8, max_length=256)]
    password_confirm: str
    first_name: Name = ""
    last_name: Name = ""

    @field_validator("email")
    def email_is_valid(cls, value: str) -> str:  # noqa: N805  (the framework's form)
        """Check the address."""
        try:
            validate_email(value)
        except ValidationError:
            raise ValueError("Enter a valid email address.") from None
        return value

    @model_validator
    def passwords_match(self) -> None:
        """Compare the passwords."""
        if self.password != self.password_confirm:
            raise ValueError("The passwords differ.")


class Health(Struct):
    """How the whole is, and its parts."""

    status: str
    checks: dict[str, str]
