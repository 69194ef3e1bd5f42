"""The list of users, compiled once for each way of reading it."""

from typing import Any

from django.db.models import QuerySet

from backend.core.compiled import Listing, Selection
from backend.users.models import User, UserQuerySet

type Row = dict[str, Any]
type Listed = QuerySet[User, Row] | Selection[Row]

COLUMNS = (
    "id",
    "email",
    "email_verified",
    "first_name",
    "last_name",
    "is_active",
    "is_staff",
    "is_superuser",
    "last_login",
    "created_at",
    "updated_at",
)


def listed(**filters: Any) -> QuerySet[User, Row]:
    """Users that pass ``UserQuerySet.matching``."""
    rows: QuerySet[User, Row] = UserQuerySet(User).matching(**filters).values(*COLUMNS)
    return rows


LISTING = Listing(User, listed)
