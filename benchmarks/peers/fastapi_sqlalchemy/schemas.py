"""The shapes on the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field, model_validator


class UserOut(BaseModel):
    """A user, as the user sees it."""

    model_config = ConfigDict(from_attributes=True)

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


class Page(BaseModel):
    """A page of users."""

    results: list[StaffUserOut]
    next: str | None
    previous: str | None = None


class Credentials(BaseModel):
    """A login."""

    email: str
    password: str


class Refresh(BaseModel):
    """A refresh token."""

    refresh: str


class TokenPair(BaseModel):
    """What a login or a refresh gives."""

    access: str
    refresh: str


class Registration(BaseModel):
    """A new user."""

    email: EmailStr
    password: str = Field(min_length=8, max_length=256)
    password_confirm: str
    first_name: str = Field(default="", max_length=150)
    last_name: str = Field(default="", max_length=150)

    @model_validator(mode="after")
    def passwords_match(self) -> Self:
        """Compare the passwords."""
        if self.password != self.password_confirm:
            raise ValueError("The passwords differ.")
        return self


class Health(BaseModel):
    """How the whole is, and its parts."""

    status: str
    checks: dict[str, str]
