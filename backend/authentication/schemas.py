"""The shapes of accounts' way in, and of sessions, on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from backend.core import examples
from backend.core.schemas import (
    EmailInput,
    Input,
    IpAddress,
    Output,
    PasswordInput,
    PersonName,
    UserAgent,
    documented,
    example,
    omittable,
)

TokenInput = Annotated[str, Field(max_length=4096, description="A token, as it was answered.")]


class UserRegister(Input):
    """A new account."""

    model_config = example(
        email=examples.EMAIL,
        password=examples.PASSWORD,
        password_confirm=examples.PASSWORD,
        first_name="Ada",
        last_name="Lovelace",
    )

    email: EmailInput
    password: PasswordInput
    password_confirm: PasswordInput
    first_name: PersonName = ""
    last_name: PersonName = ""


class UserLogin(Input):
    """Credentials."""

    model_config = example(email=examples.EMAIL, password=examples.PASSWORD)

    email: EmailInput
    password: PasswordInput


class TokenRefresh(Input):
    """A refresh token to exchange."""

    model_config = example(refresh=examples.REFRESH)

    refresh: TokenInput


class SessionLogout(Input):
    """Whose session to end; without a token, the bearer's."""

    model_config = example(refresh=examples.REFRESH)

    refresh: TokenInput = omittable()


class PasswordChange(Input):
    """The old and the new password."""

    model_config = example(
        current_password=examples.PASSWORD,
        new_password=examples.NEW_PASSWORD,
        new_password_confirm=examples.NEW_PASSWORD,
    )

    current_password: PasswordInput
    new_password: PasswordInput
    new_password_confirm: PasswordInput


class EmailOnly(Input):
    """An address to mail a link to."""

    model_config = example(email=examples.EMAIL)

    email: EmailInput


class EmailChange(Input):
    """The address to move to, and the caller's password."""

    model_config = example(email=examples.NEW_EMAIL, password=examples.PASSWORD)

    email: EmailInput
    password: PasswordInput


class LinkToken(Input):
    """The token of a mailed link."""

    model_config = example(token=examples.LINK_TOKEN)

    token: TokenInput


class PasswordReset(LinkToken):
    """The token of a mailed link, and the new password."""

    model_config = example(
        token=examples.LINK_TOKEN,
        password=examples.NEW_PASSWORD,
        password_confirm=examples.NEW_PASSWORD,
    )

    password: PasswordInput
    password_confirm: PasswordInput


class TokenPairOut(Output):
    """A pair of tokens; lifetimes in seconds from now."""

    model_config = example(
        access=examples.ACCESS,
        refresh=examples.REFRESH,
        token_type="Bearer",  # noqa: S106  (a scheme)
        expires_in=900,
        refresh_expires_in=604800,
    )

    access: Annotated[str, Field(description="Opens the API: `Authorization: Bearer <access>`.")]
    refresh: Annotated[str, Field(description="Is exchanged for the next pair, once.")]
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, documented(exclusiveMinimum=0)]
    refresh_expires_in: Annotated[int, documented(exclusiveMinimum=0)]


class SessionOut(Output):
    """A login on one device."""

    model_config = example(
        id=examples.SESSION_ID,
        created_at=examples.LOGGED_IN,
        last_used_at=examples.LOGGED_IN,
        expires_at=examples.LATER,
        ip_address=examples.IP_ADDRESS,
        user_agent=examples.USER_AGENT,
        current=True,
    )

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
    ip_address: IpAddress | None
    user_agent: UserAgent
    current: Annotated[bool, Field(description="Whether this is the session that is asking.")]
