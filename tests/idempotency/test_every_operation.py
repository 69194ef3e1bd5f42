"""Every unsafe operation takes a key, whoever wrote it."""

import pytest

from backend.idempotency.models import Reservation
from backend.testing.client import Answer, ApiClient
from tests.conventions.test_policies import (
    BODIES,
    PARAMETERS,
    Caller,
    World,
    operations,
    permission_of,
    populated,
)

pytestmark = pytest.mark.django_db

UNSAFE = [name for name, (method, _, _) in operations().items() if method != "GET"]
# Their own effect refuses the bearer that comes again.
ENDS_ITS_BEARER = {"auth.logout_all", "auth.sessions.end", "users.me.delete"}


def sent_twice(world: World, name: str) -> tuple[Answer, Answer]:
    """One request of somebody who may do everything, about the user, and its repetition."""
    method, path, operation = operations()[name]
    for parameter, value in PARAMETERS.items():
        if parameter in path:
            path = path.replace(parameter, value(world))
    body = BODIES[name](world) if name in BODIES else None
    public = operation.get("security") == [] or "security" not in operation
    who = Caller.SUPERUSER if permission_of(operation) else Caller.USER
    token = None if public else world.people[who].access
    headers = {"Idempotency-Key": "the-key"}
    first, again = (
        world.client.call(method, path, body=body, token=token, headers=headers) for _ in range(2)
    )
    return first, again


class TestEveryUnsafeOperation:
    @pytest.mark.parametrize("name", UNSAFE)
    def test_answers_a_repetition_as_it_says(self, client: ApiClient, name: str) -> None:
        _, _, operation = operations()[name]
        world = populated(client, permission_of(operation))
        first, again = sent_twice(world, name)
        assert first.status < 300
        if operation["x-idempotency"] == "ignored":
            assert not Reservation.objects.exists()
        elif name in ENDS_ITS_BEARER:
            assert again.code == "session_revoked"
        else:
            assert (again.status, again.headers["idempotent-replayed"]) == (first.status, "true")
