"""Ids: UUID version 7, time-ordered, so that a primary key is also a cursor."""

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    """A new id; ids made by one process sort in the order in which they were made."""
    return uuid_utils.compat.uuid7()
