"""Deletion while something else is under way."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.audit.models import Event, SecurityEvent
from backend.core.errors import NotFound
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient, InProcess
from backend.testing.mails import Mails
from backend.testing.races import outcomes
from backend.testing.staff import user_of
from backend.users import services
from backend.users.errors import AccountGone
from backend.users.models import User
from tests.authentication.crowds import (
    Call,
    at_once,
    crowd,
    deleting,
    logging_in,
    posting,
    refreshing,
)
from tests.authentication.forms import ask
from tests.service import Service
from tests.users.deletions import (
    ADDRESS,
    AGENT,
    NEW,
    NEXT,
    NOW,
    delete,
    traces,
)

pytestmark = pytest.mark.django_db


class TestDeletionMeanwhile:
    """What was under way when the account was deleted brings nothing back."""

    @pytest.fixture
    def stale(self, leaver: Account) -> User:
        """The row as somebody has loaded it before."""
        stale = user_of(leaver)
        assert delete(leaver).status == 204
        return stale

    def test_is_not_undone_by_a_change_of_the_profile(self, stale: User) -> None:
        with pytest.raises(AccountGone), transaction.atomic():
            services.update_profile(stale, first_name="Ada")
        assert User.objects.get().first_name == ""

    def test_is_not_undone_by_staff(self, stale: User) -> None:
        boss = User.objects.create_superuser("boss@example.com", PASSWORD)
        for changes in ({"first_name": "Ada"}, {"is_active": True}):
            with pytest.raises(NotFound):
                services.update_user(stale.pk, by=boss, **changes)
        assert User.objects.get(pk=stale.pk).deleted_at is not None

    def test_is_not_undone_by_a_form_of_the_admin_site(self, stale: User) -> None:
        stale.first_name = "Ada"
        with pytest.raises(IntegrityError, match="user_deleted_is_anonymous"), transaction.atomic():
            stale.save()
        assert User.objects.get().deleted_at is not None

    def test_is_not_done_twice(self, stale: User, mails: Mails) -> None:
        mails.empty()
        with pytest.raises(AccountGone), transaction.atomic():
            services.delete(stale.pk, event=Event.ACCOUNT_DELETED, now=timezone.now())
        assert mails.all() == []

    @pytest.mark.django_db(transaction=True)
    def test_is_told_to_whoever_changes_their_profile(
        self, client: ApiClient, leaver: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hold = services._hold

        def delete_then_hold(user_id: UUID) -> User | None:
            monkeypatch.undo()
            services.delete(user_id, event=Event.ACCOUNT_DELETED, now=timezone.now())
            return hold(user_id)

        monkeypatch.setattr(services, "_hold", delete_then_hold)
        answer = client.patch("users/me/", {"first_name": "Ada"}, token=leaver.access)
        assert (answer.status, answer.code) == (401, "session_revoked")


def deleting_over_the_wire(account: Account) -> Callable[..., Answer]:
    return posting("users/me/delete/", {"password": PASSWORD}, token=account.access)


class TestRacingDeletions:
    def test_have_one_winner(self, service: Service) -> None:
        with crowd(service, 2) as everybody:
            for _ in range(5):
                account = accounts.signed_in(service.client())
                answers = everybody([deleting_over_the_wire(account)] * 2)
                assert outcomes(answers) == ["204", "401 session_revoked"]
                accounts.register(service.client(), email=account.email)

    def test_leave_nothing_that_lives(self, service: Service) -> None:
        with crowd(service, 6) as everybody:
            for _ in range(5):
                account = accounts.signed_in(service.client())
                *answers, deleted = everybody(
                    [
                        *[logging_in(account)] * 3,
                        *[refreshing(account.refresh)] * 2,
                        deleting_over_the_wire(account),
                    ]
                )
                assert deleted.status == 204
                assert {answer.status for answer in answers} <= {200, 401}
                for answer in answers:
                    if answer.status == 200:
                        assert account.me(answer.json["access"]).code == "session_revoked"
                        assert account.spend(answer.json["refresh"]).code == "session_revoked"

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("number", range(4))
    def test_leave_no_trace_of_what_was_under_way(self, mails: Mails, number: int) -> None:
        account, stolen = watched()
        pk = user_of(account).pk
        *answers, deleted = at_once([*under_way(account, stolen), deleting(account)])
        if deleted.status == 401:  # signed out first
            account.log_in()
            assert delete(account).status == 204
        assert max(answer.status for answer in answers) < 500, answers
        mails.all()
        # Whoever came later guessed at an address that nobody has.
        assert traces() <= {"audit_securityevent.ip_address", "audit_securityevent.user_agent"}
        events = SecurityEvent.objects.filter(user_id=pk)
        assert {*events.values_list("ip_address", "user_agent")} == {(None, "")}

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("number", range(4))
    def test_and_changes_of_the_password_wait_for_each_other(
        self, mails: Mails, number: int
    ) -> None:
        account, stolen = watched()
        new = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
        changing: Call = lambda client: client.post(  # noqa: E731
            "auth/password/change/", new, token=account.access
        )
        answers = at_once([changing, *under_way(account, stolen), deleting(account)])
        assert max(answer.status for answer in answers) < 500, answers


def watched() -> tuple[Account, str]:
    """Somebody whose traces can be told, and a refresh token of theirs that is spent."""
    client = InProcess()
    client.django.defaults |= {"REMOTE_ADDR": ADDRESS, "HTTP_USER_AGENT": AGENT}
    account = accounts.signed_in(client, email=NOW, first_name="Noel", last_name="Gordon")
    stolen = account.refresh
    account.spend()
    ask(client, NOW)
    return account, stolen


def under_way(account: Account, stolen: str) -> list[Call]:
    """Whatever else may be going on with an account."""
    moving = {"email": NEXT, "password": PASSWORD}
    login = {"email": account.email, "password": PASSWORD}
    token = account.access
    there = {"User-Agent": AGENT}
    elsewhere = {"User-Agent": f"{AGENT} phone"}
    return [
        lambda client: client.post("auth/login/", login, headers=elsewhere),
        lambda client: client.post("auth/refresh/", {"refresh": stolen}, headers=elsewhere),
        lambda client: client.post("auth/refresh/", {"refresh": account.refresh}, headers=there),
        lambda client: client.post("auth/email/change/", moving, token=token, headers=there),
        lambda client: client.patch("users/me/", {"first_name": "Noel"}, token=token),
        lambda client: client.post("auth/logout/", token=token, headers=there),
        lambda client: client.post("auth/logout/all/", token=token, headers=there),
    ]
