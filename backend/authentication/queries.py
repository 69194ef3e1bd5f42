"""The query that every private request makes, compiled once."""

from functools import cache
from typing import Any

from backend.authentication.models import Session, SessionQuerySet
from backend.core.compiled import Compiled


@cache
def session(permission: str | None = None) -> Compiled[Session]:
    """A session by ``id``, with its user; ``is_permitted`` tells of the permission, if any."""

    def build(id: Any) -> SessionQuerySet:  # noqa: A002  (the column's name)
        rows = SessionQuerySet(Session).select_related("user").filter(pk=id).order_by()
        return rows.with_permission(permission) if permission else rows

    return Compiled(build, id=Session._meta.pk)
