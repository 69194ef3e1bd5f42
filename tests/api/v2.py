"""A second version of the API: one router changed, the others as in the first."""

from datetime import date
from uuid import UUID

from ninja import Router

from backend.api import v1, version
from backend.core.errors import Conflict
from backend.core.openapi import deprecated, raises
from backend.core.schemas import Output, example
from backend.users.request import UserRequest


class NameOut(Output):
    """What a user is called."""

    model_config = example(name="Ada Lovelace")

    name: str


users = Router(tags=["users"])


@users.get("me/", response=NameOut)
def me_get(request: UserRequest) -> dict[str, str]:
    """Read your own name."""
    return {"name": f"{request.auth.user.first_name} {request.auth.user.last_name}"}


@users.post("{uuid:user_id}/greet/", response={204: None})
@raises(Conflict)
@deprecated(since=date(2026, 11, 24), sunset=date(2027, 5, 1), replacement="/api/v3/{user_id}/")
def greet(request: UserRequest, user_id: UUID) -> None:
    """Greet a user. Whoever greets themselves is refused."""
    if request.auth.user.pk == user_id:
        raise Conflict


@users.get("count/", auth=None, response={204: None})
@deprecated(since=date(2026, 11, 24), sunset=date(2027, 5, 1))
def count(request: UserRequest) -> None:
    """Count users. Nothing comes instead."""


api = version.create("v2", {**v1.ROUTERS, "users/": users})
