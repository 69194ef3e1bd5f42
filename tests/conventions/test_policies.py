"""Who may do what: every operation, as every kind of caller.

An operation that is not in the table below fails, and so does one in the table that is gone. The
statuses are those of a request that is in order otherwise, about the rows of ``USER``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import pytest
from django.utils import timezone

from backend.authentication import links
from backend.authentication.models import Purpose, Session
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient
from backend.testing.contract import JSON, document
from backend.testing.staff import permit, promote, user_of
from tests.people import signed_in

pytestmark = pytest.mark.django_db


class Caller(StrEnum):
    """Everybody there is."""

    ANONYMOUS = "anonymous"
    USER = "the user it is about"
    OTHER = "another user"
    STAFF = "staff without the permission"
    PERMITTED = "staff with the permission"
    SUPERUSER = "a superuser"


class Policy(NamedTuple):
    """The status for each kind of caller, in their order."""

    anonymous: int
    user: int
    other: int
    staff: int
    permitted: int
    superuser: int

    def status_for(self, caller: Caller) -> int:
        """What this caller is answered."""
        return self[[*Caller].index(caller)]


def public(status: int) -> Policy:
    """Everybody may."""
    return Policy(*[status] * len(Caller))


def private(status: int) -> Policy:
    """Everybody may who is known, for themselves."""
    return Policy(401, *[status] * (len(Caller) - 1))


POLICIES: dict[str, Policy] = {
    "auth.register": public(201),
    "auth.login": public(200),
    "auth.refresh": public(200),
    "auth.logout": private(204),  # without a refresh token, which would do as well
    "auth.logout_all": private(204),
    "auth.sessions.list": private(200),
    "auth.sessions.end": Policy(401, 204, 404, 404, 404, 404),
    "auth.password.change": private(204),
    "auth.password.reset": public(202),
    "auth.password.reset_confirm": public(204),
    "auth.email.verify": public(204),
    "auth.email.verify_resend": public(202),
    "auth.email.change": private(202),
    "auth.not_me": public(204),
    "users.me.get": private(200),
    "users.me.update": private(200),
    "users.me.delete": private(204),
    "users.me.security_events": private(200),
    "users.list": Policy(401, 403, 403, 403, 200, 200),
    "users.get": Policy(401, 200, 404, 404, 200, 200),
    "users.update": Policy(401, 403, 403, 403, 200, 200),
    "users.security_events": Policy(401, 403, 403, 403, 200, 200),
    "health.read": public(200),
    "health.live": public(200),
    "health.ready": public(200),
}

NEW = "another horse battery 9"


@dataclass
class World:
    """Everybody, signed in."""

    client: ApiClient
    people: dict[Caller, Account]

    @property
    def user(self) -> Account:
        """Whom the requests are about."""
        return self.people[Caller.USER]


def mailed(purpose: Purpose, world: World) -> str:
    """The token of a link, as a mail to the user would carry it."""
    return links.token(links.issue(purpose, user_of(world.user), now=timezone.now()))


BODIES: dict[str, Callable[[World], JSON]] = {
    "auth.register": lambda _: {
        "email": "new@example.com",
        "password": NEW,
        "password_confirm": NEW,
    },
    "auth.login": lambda world: {"email": world.user.email, "password": PASSWORD},
    "auth.refresh": lambda world: {"refresh": world.user.refresh},
    "auth.password.change": lambda _: {
        "current_password": PASSWORD,
        "new_password": NEW,
        "new_password_confirm": NEW,
    },
    "auth.password.reset": lambda world: {"email": world.user.email},
    "auth.password.reset_confirm": lambda world: {
        "token": mailed(Purpose.RESET_PASSWORD, world),
        "password": NEW,
        "password_confirm": NEW,
    },
    "auth.email.verify": lambda world: {"token": mailed(Purpose.VERIFY_EMAIL, world)},
    "auth.email.verify_resend": lambda world: {"email": world.user.email},
    "auth.email.change": lambda _: {"email": "new@example.com", "password": PASSWORD},
    "auth.not_me": lambda world: {"token": mailed(Purpose.NOT_ME, world)},
    "users.me.update": lambda _: {"first_name": "Ada"},
    "users.me.delete": lambda _: {"password": PASSWORD},
    "users.update": lambda _: {"first_name": "Ada"},
}
PARAMETERS: dict[str, Callable[[World], str]] = {
    "{user_id}": lambda world: str(user_of(world.user).pk),
    "{session_id}": lambda world: str(Session.objects.get(user=user_of(world.user)).pk),
}


def operations() -> dict[str, tuple[str, str, JSON]]:
    """Method, path and description of every operation, by its id."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def permission_of(operation: JSON) -> str | None:
    """The permission that an operation declares."""
    declared: dict[str, Any] = operation.get("x-permission") or {}
    return declared.get("name")


def populated(client: ApiClient, permission: str | None) -> World:
    """Everybody, the permitted with this permission and the staff with every other of users."""
    people: dict[Caller, Account] = {
        kind: signed_in(client) for kind in Caller if kind != Caller.ANONYMOUS
    }
    every = {"users.view_user", "users.change_user", "users.add_user", "users.delete_user"}
    permit(people[Caller.STAFF], *(every - {permission}))
    permit(people[Caller.PERMITTED], *filter(None, [permission]))
    promote(people[Caller.SUPERUSER])
    return World(client, people)


class TestEveryOperation:
    def test_has_a_policy(self) -> None:
        assert operations().keys() == POLICIES.keys()

    @pytest.mark.parametrize("name", POLICIES)
    def test_is_documented_as_public_or_private_as_its_policy_is(self, name: str) -> None:
        _, _, operation = operations()[name]
        is_public = POLICIES[name].anonymous != 401
        assert is_public == (operation["security"] == [])

    @pytest.mark.parametrize("name", POLICIES)
    def test_documents_each_answer_of_its_policy(self, name: str) -> None:
        _, _, operation = operations()[name]
        assert {str(status) for status in POLICIES[name]} <= operation["responses"].keys()

    @pytest.mark.parametrize("name", POLICIES)
    def test_declares_a_permission_where_its_policy_asks_for_one(self, name: str) -> None:
        policy, (_, _, operation) = POLICIES[name], operations()[name]
        # Where it is answered with 200, too, whoever lacks the permission gets less.
        otherwise = operation.get("x-permission", {}).get("otherwise", 200)
        assert (policy.staff != policy.permitted) == (otherwise != 200)

    @pytest.mark.parametrize("caller", Caller)
    @pytest.mark.parametrize("name", POLICIES)
    def test_answers_each_kind_of_caller_by_its_policy(
        self, client: ApiClient, name: str, caller: Caller
    ) -> None:
        method, path, operation = operations()[name]
        world = populated(client, permission_of(operation))
        for parameter, value in PARAMETERS.items():
            if parameter in path:
                path = path.replace(parameter, value(world))
        body = BODIES[name](world) if name in BODIES else None
        token = None if caller == Caller.ANONYMOUS else world.people[caller].access
        answer = client.call(method, path, body=body, token=token)
        assert answer.status == POLICIES[name].status_for(caller), answer

    @pytest.mark.parametrize("name", [name for name in POLICIES if POLICIES[name].anonymous == 401])
    def test_that_is_private_refuses_a_bad_token_before_anything_else(
        self, client: ApiClient, name: str
    ) -> None:
        method, path, _ = operations()[name]
        for parameter in PARAMETERS:
            path = path.replace(parameter, "01a20b6d-f71b-7609-9d37-00be804fe5ee")
        answer = client.call(method, path, token="eyJ.e30.x", headers={"X-Request-ID": "the-id"})
        assert (answer.status, answer.code) == (401, "token_invalid")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["x-request-id"] == answer.json["request_id"] == "the-id"
