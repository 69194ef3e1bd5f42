"""The shapes of users on the wire."""

from datetime import datetime
from uuid import UUID

from backend.core.schemas import Input, Output, PersonName, omittable


class UserOut(Output):
    """A user, as the user sees it."""

    id: UUID
    email: str
    email_verified: bool
    first_name: str
    last_name: str
    is_staff: bool
    created_at: datetime
    updated_at: datetime


class ProfilePatch(Input):
    """What a user may change about themselves. A field left out stays as it is."""

    first_name: PersonName = omittable()
    last_name: PersonName = omittable()
