"""The tables, and the shapes on the wire: SQLModel makes both of the same fields."""

from datetime import UTC, datetime
from typing import Self
from uuid import UUID, uuid4

from pydantic import EmailStr, model_validator
from sqlalchemy import DateTime
from sqlmodel import Field, SQLModel


def get_datetime_utc() -> datetime:
    """Now."""
    return datetime.now(UTC)


class UserBase(SQLModel):
    """What everybody who sees a user may know."""

    email: EmailStr = Field(unique=True, index=True, max_length=254)
    email_verified: bool = False
    first_name: str = Field(default="", max_length=150)
    last_name: str = Field(default="", max_length=150)
    is_staff: bool = False


class User(UserBase, table=True):
    """A person with an account."""

    __tablename__ = "users"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    password: str
    is_active: bool = True
    is_superuser: bool = False
    last_login: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    created_at: datetime = Field(default_factory=get_datetime_utc, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=get_datetime_utc, sa_type=DateTime(timezone=True))


class Login(SQLModel, table=True):
    """One login, and the one refresh token of it that can be exchanged."""

    __tablename__ = "sessions"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", index=True)
    refresh_jti: UUID
    created_at: datetime = Field(default_factory=get_datetime_utc, sa_type=DateTime(timezone=True))
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class UserPublic(UserBase):
    """A user, as the user sees it."""

    id: UUID
    created_at: datetime
    updated_at: datetime


class UserStaff(UserPublic):
    """A user, as staff sees it."""

    is_active: bool
    is_superuser: bool
    last_login: datetime | None


class UsersPublic(SQLModel):
    """A page of users."""

    results: list[UserStaff]
    count: int


class UserRegister(SQLModel):
    """A new user."""

    email: EmailStr = Field(max_length=254)
    password: str = Field(min_length=8, max_length=128)
    password_confirm: str
    first_name: str = Field(default="", max_length=150)
    last_name: str = Field(default="", max_length=150)

    @model_validator(mode="after")
    def passwords_match(self) -> Self:
        """Compare the passwords."""
        if self.password != self.password_confirm:
            raise ValueError("The passwords differ.")
        return self


class Credentials(SQLModel):
    """A login."""

    email: str
    password: str


class Refresh(SQLModel):
    """A refresh token."""

    refresh: str


class Token(SQLModel):
    """What a login or a refresh gives."""

    access: str
    refresh: str


class TokenPayload(SQLModel):
    """What the tokens say."""

    sub: UUID
    sid: UUID
    jti: UUID
    token_type: str


class Health(SQLModel):
    """How the whole is, and its parts."""

    status: str
    checks: dict[str, str]
