"""Versions of a user: what raises them, reads that are spared, changes that are not lost."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from backend.authentication import links
from backend.authentication.models import Purpose
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient
from backend.testing.staff import permit, promote, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: ApiClient, account: Account) -> Account:
    """Somebody who may see and change everybody."""
    found = accounts.signed_in(client)
    promote(found)
    return found


def path(account: Account) -> str:
    return f"users/{user_of(account).pk}/"


def tag(account: Account) -> str:
    return account.me().headers["etag"]


def change(account: Account, path: str = "users/me/", **headers: str) -> Answer:
    body = {"first_name": "Ada"}
    return account.client.patch(path, body, token=account.access, headers=headers)


def read(account: Account, path: str = "users/me/", **headers: str) -> Answer:
    return account.client.get(path, token=account.access, headers=headers)


def verify(account: Account) -> None:
    link = links.issue(Purpose.VERIFY_EMAIL, user_of(account), now=timezone.now())
    body = {"token": links.token(link)}
    assert account.client.post("auth/email/verify/", body).status == 204


def change_password(account: Account) -> None:
    new = "another horse battery 9"
    body = {"current_password": PASSWORD, "new_password": new, "new_password_confirm": new}
    answer = account.client.post("auth/password/change/", body, token=account.access)
    assert answer.status == 204


class TestVersion:
    @pytest.mark.parametrize("act", [change, verify, change_password])
    def test_is_raised_by(self, account: Account, act: Callable[[Account], object]) -> None:
        before = tag(account)
        act(account)
        assert tag(account) != before

    def test_is_raised_by_staff(self, account: Account, boss: Account) -> None:
        before = tag(account)
        assert change(boss, path(account)).status == 200
        assert tag(account) != before

    def test_is_not_raised_by_a_login(self, account: Account) -> None:
        before = tag(account)
        account.log_in()
        account.spend()
        assert tag(account) == before

    def test_is_not_raised_by_nothing(self, account: Account) -> None:
        before = tag(account)
        answer = account.client.patch("users/me/", {}, token=account.access)
        assert (answer.status, answer.headers["etag"]) == (200, before)

    def test_is_never_written_back_from_memory(self, account: Account) -> None:
        stale, other = user_of(account), user_of(account)
        other.first_name = "Ada"
        other.save()
        stale.last_name = "Lovelace"
        stale.save(update_fields=["last_name", "updated_at"])
        assert (stale.version, user_of(account).version) == (3, 3)

    def test_of_a_change_is_the_one_that_is_read(self, account: Account, boss: Account) -> None:
        assert change(account).headers["etag"] == tag(account)
        assert (
            change(boss, path(account)).headers["etag"]
            == (read(boss, path(account)).headers["etag"])
        )


class TestRead:
    def test_is_spared_what_the_caller_has(self, account: Account) -> None:
        answer = read(account, **{"If-None-Match": tag(account)})
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == tag(account)
        assert answer.headers["cache-control"] == "no-store"
        assert "content-type" not in answer.headers

    def test_by_head_is_spared_too(self, account: Account) -> None:
        answer = account.client.call(
            "HEAD",
            "users/me/",
            token=account.access,
            headers={"If-None-Match": tag(account)},
        )
        assert answer.status == 304

    def test_gets_what_has_changed(self, account: Account) -> None:
        before = tag(account)
        change(account)
        assert read(account, **{"If-None-Match": before}).json["first_name"] == "Ada"

    def test_gets_more_once_it_may_see_more(self, account: Account) -> None:
        before = read(account, path(account)).headers["etag"]
        permit(account, "users.view_user")
        answer = read(account, path(account), **{"If-None-Match": before})
        assert answer.status == 200
        assert "is_superuser" in answer.json

    def test_is_refused_before_its_tag_is_compared(self, account: Account) -> None:
        answer = account.client.get("users/me/", headers={"If-None-Match": "*"})
        assert (answer.status, "etag" in answer.headers) == (401, False)


class TestChange:
    def test_of_what_was_read_is_made(self, account: Account) -> None:
        answer = change(account, **{"If-Match": tag(account)})
        assert (answer.status, answer.json["first_name"]) == (200, "Ada")

    def test_of_what_has_changed_is_refused(self, account: Account) -> None:
        before = tag(account)
        account.client.patch("users/me/", {"first_name": "Eve"}, token=account.access)
        answer = change(account, **{"If-Match": before})
        assert (answer.status, answer.code) == (412, "precondition_failed")
        assert account.me().json["first_name"] == "Eve"

    def test_by_two_administrators_is_made_once(
        self, client: ApiClient, account: Account, boss: Account
    ) -> None:
        other = accounts.signed_in(client)
        promote(other)
        seen = read(boss, path(account)).headers["etag"]
        assert read(other, path(account)).headers["etag"] == seen
        assert change(boss, path(account), **{"If-Match": seen}).status == 200
        assert change(other, path(account), **{"If-Match": seen}).status == 412

    def test_of_a_stranger_is_refused_for_that(self, account: Account, client: ApiClient) -> None:
        stranger = accounts.signed_in(client)
        nobody = "users/01a20b6d-f71b-7609-9d37-00be804fe5ee/"
        assert change(stranger, path(account), **{"If-Match": '"99"'}).status == 403
        promote(stranger)
        assert change(stranger, nobody, **{"If-Match": '"99"'}).status == 404
        assert change(stranger, path(account), **{"If-Match": '"99"'}).status == 412
