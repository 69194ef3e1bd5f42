"""The shapes of users on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from backend.core import examples
from backend.core.pagination import PageQuery
from backend.core.schemas import (
    Input,
    KnownName,
    Output,
    PasswordInput,
    PersonName,
    documented,
    example,
    omittable,
)
from backend.users import emails

_ADA = {
    "id": examples.USER_ID,
    "email": examples.EMAIL,
    "email_verified": True,
    "first_name": "Ada",
    "last_name": "Lovelace",
    "is_staff": False,
    "created_at": examples.REGISTERED,
    "updated_at": examples.REGISTERED,
}


class UserOut(Output):
    """A user, as the user sees it."""

    model_config = example(**_ADA)

    id: UUID
    email: Annotated[str, documented(maxLength=emails.MAX_LENGTH)]
    email_verified: bool
    first_name: KnownName
    last_name: KnownName
    is_staff: bool
    created_at: datetime
    updated_at: datetime


class StaffUserOut(UserOut):
    """A user, as those see it who may view all users."""

    model_config = example(
        **_ADA, is_active=True, is_superuser=False, last_login=examples.LOGGED_IN
    )

    is_active: bool
    is_superuser: bool
    last_login: datetime | None


class ProfilePatch(Input):
    """What a user may change about themselves. A field left out stays as it is."""

    model_config = example(first_name="Ada", last_name="King")

    first_name: PersonName = omittable()
    last_name: PersonName = omittable()


class AccountDeletion(Input):
    """The caller's password, to make sure."""

    model_config = example(password=examples.PASSWORD)

    password: PasswordInput


class UserPatch(ProfilePatch):
    """What staff may change about a user. `is_staff` is for superusers to change."""

    model_config = example(is_active=False)

    is_active: bool = omittable()
    is_staff: bool = omittable()


class UserOrdering(StrEnum):
    """What a list of users is sorted by; with `-` descending."""

    OLDEST_FIRST = "created_at"
    NEWEST_FIRST = "-created_at"
    EMAIL = "email"
    EMAIL_DESCENDING = "-email"

    @property
    def column(self) -> str:
        """The unique column behind it: ids are made in the order of time."""
        return self.value.replace("created_at", "id")


class UserQuery(PageQuery):
    """How to search, filter and sort users."""

    search: Annotated[
        str,
        Field(
            max_length=emails.MAX_LENGTH,
            pattern=r"^[^\x00]*$",
            description="A part of the email, first or last name, whatever its case.",
            examples=["love"],
        ),
    ] = ""
    is_active: bool = omittable(description="Only those who may log in, or may not.")
    is_staff: bool = omittable(description="Only those who may use the admin site, or may not.")
    ordering: UserOrdering = UserOrdering.NEWEST_FIRST
