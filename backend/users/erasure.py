"""Forgetting a person: every model that knows one says how, or the tests fail.

The user's row stays as an anonymous one, so that what other apps keep still has somebody to belong
to. An app declares its part in a module ``erasures``.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db.models import ForeignKey, Model, UUIDField

from backend.users.models import DELETED_DOMAIN, User

type Eraser = Callable[[User], None]

_erasers: list[Eraser] = []
_covered: set[type[Model]] = set()


def erases(*models: type[Model]) -> Callable[[Eraser], Eraser]:
    """Declare what removes a user's personal data from these models."""

    def declare(eraser: Eraser) -> Eraser:
        _erasers.append(eraser)
        _covered.update(models)
        return eraser

    return declare


def erase(user: User, *, now: datetime) -> None:
    """Take a person out of every table, in the transaction under way. The address is free again."""
    # The apps above first, then those below: what was under way has noted its events by then.
    for eraser in reversed(_erasers):
        eraser(user)
    _anonymise(user)
    user.deleted_at = now
    user.save()


def _anonymise(user: User) -> None:
    """Leave of a user's row an id and times. Saving it ends all sessions."""
    user.email = f"{uuid4().hex}{DELETED_DOMAIN}"
    user.first_name = user.last_name = ""
    user.email_verified = user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.set_password(None)


def uncovered(models: Iterable[type[Model]]) -> list[type[Model]]:
    """Models with a key of a user that no app erases: a foreign key, or an id kept by hand."""
    return [model for model in models if model not in _covered and _knows_users(model)]


def _knows_users(model: type[Model]) -> bool:
    return any(_is_user_key(field) for field in model._meta.get_fields())


def _is_user_key(field: Any) -> bool:
    if isinstance(field, ForeignKey):
        return field.related_model is User
    return isinstance(field, UUIDField) and field.name in {"user_id", "actor_id"}
