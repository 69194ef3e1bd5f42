"""``POST auth/password/change/``."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient
from backend.users import passwords
from backend.users import services as users
from backend.users.models import User

pytestmark = pytest.mark.django_db

NEW = "another horse battery 9"


def change(account: Account, **changes: object) -> Answer:
    """Send the form, changed."""
    form = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    body = {name: value for name, value in {**form, **changes}.items() if value is not ...}
    return account.client.post("auth/password/change/", body, token=account.access)


def can_log_in(account: Account, password: str) -> bool:
    """Whether the password is the account's."""
    return Account(account.client, account.email, password).log_in().status == 200


class TestPasswordChange:
    def test_refuses_the_anonymous(self, client: ApiClient, account: Account) -> None:
        body = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
        answer = client.post("auth/password/change/", body)
        assert (answer.status, answer.code) == (401, "not_authenticated")
        assert can_log_in(account, PASSWORD)

    def test_refuses_an_ended_bearer(self, account: Account) -> None:
        account.client.post("auth/logout/", token=account.access)
        answer = change(account)
        assert (answer.status, answer.code) == (401, "session_revoked")
        assert can_log_in(account, PASSWORD)

    @pytest.mark.parametrize("field", ["current_password", "new_password", "new_password_confirm"])
    @pytest.mark.parametrize("value", [..., None, 7, ["x"]])
    def test_wants_text_in_every_field(self, account: Account, field: str, value: object) -> None:
        answer = change(account, **{field: value})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]

    def test_refuses_unknown_fields(self, account: Account) -> None:
        answer = change(account, password="x")
        assert [*answer.errors] == ["password"]
        assert can_log_in(account, PASSWORD)

    @pytest.mark.parametrize("current", [NEW, "wrong horse battery 9", PASSWORD.upper(), "x"])
    def test_refuses_a_wrong_current_password(self, account: Account, current: str) -> None:
        other = Account(account.client, account.email)
        other.log_in()
        answer = change(account, current_password=current)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["current_password"]
        assert can_log_in(account, PASSWORD)
        assert other.me().status == 200

    def test_blames_the_confirmation_that_differs(self, account: Account) -> None:
        answer = change(account, new_password_confirm=f"{NEW} ")
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["new_password_confirm"]
        assert can_log_in(account, PASSWORD)

    @pytest.mark.parametrize(
        "password",
        ["", "7 chars", "e\u0301" * 7, "x!7q" * 64 + "x", "\ufdfa" * 15, "password123", "87654321"],
    )
    def test_refuses_a_password_that_is_not_good_enough(
        self, account: Account, password: str
    ) -> None:
        answer = change(account, new_password=password, new_password_confirm=password)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert "new_password" in answer.errors
        assert can_log_in(account, PASSWORD)

    @pytest.mark.parametrize("password", ["Bartholomew7", "wolfgangamadeus1"])
    def test_refuses_a_password_like_the_address_or_the_name(
        self, client: ApiClient, password: str
    ) -> None:
        address = "wolfgangamadeus@example.com"
        account = accounts.signed_in(client, email=address, first_name="Bartholomew")
        answer = change(account, new_password=password, new_password_confirm=password)
        assert [*answer.errors] == ["new_password"]

    def test_leaves_the_row_as_it_was_when_it_refuses(self, account: Account) -> None:
        before = [User.objects.values().get(), Session.objects.values().get()]
        change(account, current_password="wrong horse battery 9")
        assert [User.objects.values().get(), Session.objects.values().get()] == before

    def test_changes_the_password(self, account: Account) -> None:
        answer = change(account)
        assert (answer.status, answer.body) == (204, b"")
        assert can_log_in(account, NEW)
        assert not can_log_in(account, PASSWORD)

    def test_lets_this_session_live_on(self, account: Account) -> None:
        assert change(account).status == 204
        assert account.me().status == 200
        assert account.spend().status == 200

    def test_ends_every_other_session(self, account: Account) -> None:
        devices = [Account(account.client, account.email) for _ in range(2)]
        for device in devices:
            device.log_in()
        change(account)
        for device in devices:
            assert device.me().code == "session_revoked"
            assert device.spend().code == "session_revoked"
        page = account.client.get("auth/sessions/", token=account.access).json
        assert [row["current"] for row in page["results"]] == [True]

    def test_leaves_everybody_else_alone(self, client: ApiClient, account: Account) -> None:
        other = accounts.signed_in(client)
        change(account)
        assert other.me().status == 200
        assert can_log_in(other, PASSWORD)

    def test_raises_updated_at(self, account: Account) -> None:
        moment = timezone.now()
        change(account)
        assert User.objects.get().updated_at >= moment

    def test_takes_the_current_password_in_any_normal_form(self, client: ApiClient) -> None:
        composed = "caf\u00e9 cr\u00e8me 12"
        account = accounts.signed_in(client, password=composed, password_confirm=composed)
        assert change(account, current_password="cafe\u0301 cre\u0300me 12").status == 204

    def test_can_be_done_again(self, account: Account) -> None:
        change(account)
        again = "yet another horse 9"
        answer = change(
            account, current_password=NEW, new_password=again, new_password_confirm=again
        )
        assert answer.status == 204
        assert can_log_in(account, again)
        assert account.me().status == 200

    def test_costs_the_bearer_and_one_transaction(
        self, account: Account, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        # The bearer; a savepoint, at most one look at what holds now, user, session, the event, the
        # mail's link and task, the release.
        with django_assert_max_num_queries(9):
            assert change(account).status == 204


def disable(user: User) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


def disable_and_enable(user: User) -> None:
    disable(user)
    user.is_active = True
    user.save(update_fields=["is_active"])


def end_the_session(user: User) -> None:
    Session.objects.filter(user=user).update(revoked_at=timezone.now())


def set_a_third_password(user: User) -> None:
    user.set_password(THIRD)
    user.save(update_fields=["password"])


THIRD = "a third horse battery 9"
ENDS: dict[str, Callable[[User], object]] = {
    "everything is ended": users.end_all_sessions,
    "the account is disabled": disable,
    "the account is disabled and enabled": disable_and_enable,
    "the account is deleted": User.delete,
    "the password is changed elsewhere": set_a_third_password,
    "this session is ended": end_the_session,
}


class TestPasswordChangeMeanwhile:
    """What happens while the passwords are being hashed is not undone by the change."""

    @pytest.mark.parametrize("case", ENDS)
    def test_revives_no_session_that_has_ended(
        self, account: Account, case: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _after_the_check(monkeypatch, ENDS[case])
        assert change(account).status < 500
        for user in User.objects.all():
            user.is_active = True
            user.save()
        assert account.me().code == "session_revoked"
        assert account.spend().code == "session_revoked"

    def test_is_not_troubled_by_a_login_that_renews_the_hash(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def renew(user: User) -> None:
            User.objects.update(password=passwords.hash_password(PASSWORD))

        _after_the_check(monkeypatch, renew)
        assert change(account).status == 204
        assert account.me().status == 200
        assert can_log_in(account, NEW)

    def test_overwrites_no_password_that_was_set(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _after_the_check(monkeypatch, set_a_third_password)
        assert change(account).status in {400, 401}
        assert can_log_in(account, THIRD)
        assert not can_log_in(account, NEW)


def _after_the_check(monkeypatch: pytest.MonkeyPatch, act: Callable[[User], object]) -> None:
    """Let something happen between the check of the current password and the change, once."""
    verify = passwords.verify

    def verify_then_act(password: str, encoded: str | None) -> passwords.Verdict:
        monkeypatch.undo()
        verdict = verify(password, encoded)
        act(User.objects.get())
        return verdict

    monkeypatch.setattr(passwords, "verify", verify_then_act)
