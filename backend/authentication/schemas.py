"""The shapes of accounts' way in, and of sessions, on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Header
from pydantic import Field

from backend.core.schemas import (
    EmailInput,
    Input,
    Output,
    PasswordInput,
    PersonName,
    omittable,
)

TokenInput = Annotated[str, Field(max_length=4096, description="A token, as it was answered.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9._-]{1,128}$",
        description="Repeat a refresh with the key it was spent with if its answer was lost.",
    ),
]


class UserRegister(Input):
    """A new account."""

    email: EmailInput
    password: PasswordInput
    password_confirm: PasswordInput
    first_name: PersonName = ""
    last_name: PersonName = ""


class UserLogin(Input):
    """Credentials."""

    email: EmailInput
    password: PasswordInput


class TokenRefresh(Input):
    """A refresh token to exchange."""

    refresh: TokenInput


class SessionLogout(Input):
    """Whose session to end; without a token, the bearer's."""

    refresh: TokenInput = omittable()


class PasswordChange(Input):
    """The old and the new password."""

    current_password: PasswordInput
    new_password: PasswordInput
    new_password_confirm: PasswordInput


class EmailOnly(Input):
    """An address to mail a link to."""

    email: EmailInput


class EmailChange(Input):
    """The address to move to, and the caller's password."""

    email: EmailInput
    password: PasswordInput


class LinkToken(Input):
    """The token of a mailed link."""

    token: TokenInput


class PasswordReset(LinkToken):
    """The token of a mailed link, and the new password."""

    password: PasswordInput
    password_confirm: PasswordInput


class TokenPairOut(Output):
    """A pair of tokens; lifetimes in seconds from now."""

    access: Annotated[str, Field(description="Opens the API: `Authorization: Bearer <access>`.")]
    refresh: Annotated[str, Field(description="Is exchanged for the next pair, once.")]
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_expires_in: int


class SessionOut(Output):
    """A login on one device."""

    id: UUID
    created_at: datetime
    last_used_at: Annotated[datetime, Field(description="The last login or refresh.")]
    expires_at: Annotated[
        datetime,
        Field(
            validation_alias="refresh_expires_at",
            description="When it ends unless it is refreshed; never past the session's end.",
        ),
    ]
    ip_address: str | None
    user_agent: str
    current: Annotated[bool, Field(description="Whether this is the session that is asking.")]
