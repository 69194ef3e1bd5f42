"""Many requests with one key at the same moment, over the wire, against real workers."""

from uuid import uuid4

from backend.testing import accounts
from backend.testing.accounts import PASSWORD
from tests.authentication.crowds import Call, crowd, posting
from tests.idempotency.keys import is_replayed
from tests.service import Service


def registering(name: str, key: str) -> Call:
    """A call that registers somebody with a key."""
    body = {
        "email": f"{name}@example.com",
        "password": PASSWORD,
        "password_confirm": PASSWORD,
    }
    return posting("auth/register/", body, headers={"Idempotency-Key": key})


class TestOneKey:
    def test_has_one_effect_and_one_answer(self, service: Service) -> None:
        with crowd(service, 20) as at_once:
            for _ in range(5):
                name, key = f"one-{uuid4().hex}", uuid4().hex
                answers = at_once([registering(name, key)] * 20)
                first = [a for a in answers if a.status == 201 and not is_replayed(a)]
                assert len(first) == 1
                for answer in answers:
                    if answer.status == 201:
                        assert answer.body == first[0].body
                    else:
                        assert (answer.status, answer.code) == (409, "idempotency_in_progress")
                last = registering(name, key)(service.client())
                assert (last.body, is_replayed(last)) == (first[0].body, True)

    def test_of_many_requests_is_one_of_theirs(self, service: Service) -> None:
        with crowd(service, 20) as at_once:
            key, names = uuid4().hex, [f"own-{uuid4().hex}" for _ in range(20)]
            answers = at_once([registering(name, key) for name in names])
        assert sorted(answer.status for answer in answers) == [201, *[422] * 19]

    def test_raises_a_version_once(self, service: Service) -> None:
        account = accounts.signed_in(service.client())
        call = lambda client: client.patch(  # noqa: E731  (one of twenty)
            "users/me/",
            {"first_name": "Ada"},
            token=account.access,
            headers={"Idempotency-Key": "once"},
        )
        with crowd(service, 20) as at_once:
            answers = at_once([call] * 20)
        assert {answer.status for answer in answers} <= {200, 409}
        assert account.me().headers["etag"] == '"2"'


class TestRacingChanges:
    def test_of_one_version_have_one_winner(self, service: Service) -> None:
        account = accounts.signed_in(service.client())
        with crowd(service, 10) as at_once:
            for _ in range(5):
                tag = account.me().headers["etag"]
                calls = [
                    lambda client, n=n, tag=tag: client.patch(
                        "users/me/",
                        {"first_name": f"Ada {n}"},
                        token=account.access,
                        headers={"If-Match": tag},
                    )
                    for n in range(10)
                ]
                answers = at_once(calls)
                assert sorted(answer.status for answer in answers) == [200, *[412] * 9]
                (won,) = (answer for answer in answers if answer.status == 200)
                assert account.me().json == won.json

    def test_without_a_version_all_happen(self, service: Service) -> None:
        account = accounts.signed_in(service.client())
        with crowd(service, 10) as at_once:
            calls = [
                lambda client, n=n: client.patch(
                    "users/me/",
                    {("first_name", "last_name")[n % 2]: f"Name{n}"},
                    token=account.access,
                )
                for n in range(10)
            ]
            answers = at_once(calls)
        assert {answer.status for answer in answers} == {200}
        assert account.me().headers["etag"] == '"11"'
