"""``POST auth/email/verify/`` and ``…/resend/``."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Link
from backend.tasks.models import Task
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient, InProcess
from backend.testing.limits import Limits
from backend.testing.mails import Mails
from backend.testing.staff import user_of
from backend.users.models import User
from tests.authentication.forms import (
    SENT,
    asked,
    change_email,
    change_password,
    delete,
    disable,
    verify,
)
from tests.authentication.test_links import FORGERIES, Forge, other_spellings
from tests.authentication.test_register import ADDRESS, SPELLINGS

pytestmark = pytest.mark.django_db

SUBJECT = "Confirm your email address for Backend"


def resend(client: ApiClient, email: str, **headers: str) -> Answer:
    """Ask for another link."""
    return client.post("auth/email/verify/resend/", {"email": email}, headers=headers)


def is_verified(account: Account) -> bool:
    return user_of(account).email_verified


@pytest.fixture
def ada(client: ApiClient, db: None) -> Account:
    """Somebody who is signed in and has not read their mail."""
    return accounts.signed_in(client, email="ada@example.com")


@pytest.fixture
def token(ada: Account, mails: Mails) -> str:
    """What Ada's mail from the registration carries."""
    return mails.last(ada.email).token


class TestEmailVerify:
    @pytest.mark.parametrize("value", [None, 7, True, ["x"], {"x": "x"}])
    def test_wants_text(self, client: ApiClient, value: object) -> None:
        answer = verify(client, value)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["token"]

    def test_wants_a_token(self, client: ApiClient) -> None:
        assert [*client.post("auth/email/verify/", {}).errors] == ["token"]

    def test_refuses_unknown_fields(self, client: ApiClient, ada: Account, token: str) -> None:
        assert [*verify(client, token, email=ada.email).errors] == ["email"]
        assert not is_verified(ada)

    @pytest.mark.parametrize("escape", [rb"\u0000", rb"\ud800"])
    def test_refuses_a_token_that_is_no_text(self, client: ApiClient, escape: bytes) -> None:
        answer = client.post("auth/email/verify/", b'{"token": "%s"}' % escape)
        assert (answer.status, answer.code) == (400, "invalid_json")

    @pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
    def test_refuses_a_forgery(self, client: ApiClient, ada: Account, forge: Forge) -> None:
        link = Link.objects.select_related("user").get()
        answer = verify(client, forge(link))
        assert (answer.status, answer.code, answer.errors) == (400, "token_invalid", {})
        assert not is_verified(ada)

    def test_refuses_the_token_in_another_spelling(
        self, client: ApiClient, ada: Account, token: str
    ) -> None:
        for spelling in {*other_spellings(token)} - {token}:
            assert verify(client, spelling).code == "token_invalid"
        assert not is_verified(ada)

    def test_refuses_the_links_of_other_mails(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        mails.empty()
        client.post("auth/password/reset/", {"email": ada.email})
        ada.log_in(**{"User-Agent": "curl/8.5.0"})
        subjects = {letter.subject for letter in mails.to(ada.email)}
        assert len(subjects) == 2
        for letter in mails.to(ada.email):
            assert verify(client, letter.token).code == "token_invalid"
        assert not is_verified(ada)

    def test_refuses_a_used_token(self, client: ApiClient, token: str) -> None:
        assert verify(client, token).status == 204
        answer = verify(client, token)
        assert (answer.status, answer.code) == (400, "token_invalid")

    def test_refuses_an_expired_token(self, client: ApiClient, ada: Account, token: str) -> None:
        link = Link.objects.get()
        assert link.expires_at - link.created_at == timedelta(days=3)
        Link.objects.update(expires_at=timezone.now())
        assert verify(client, token).code == "token_invalid"
        assert not is_verified(ada)

    @pytest.mark.parametrize("end", [change_email, delete, disable])
    def test_refuses_what_was_mailed_before(
        self,
        client: ApiClient,
        ada: Account,
        token: str,
        mails: Mails,
        end: Callable[[Account, Mails], None],
    ) -> None:
        end(ada, mails)
        before = User.objects.values().get()
        assert verify(client, token).code == "token_invalid"
        assert User.objects.values().get() == before

    def test_takes_what_was_mailed_before_the_password_changed(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        change_password(ada, mails)
        assert verify(client, token).status == 204

    def test_needs_nobody_to_be_signed_in(
        self, ada: Account, token: str, elsewhere: InProcess
    ) -> None:
        answer = verify(elsewhere, token)
        assert (answer.status, answer.body) == (204, b"")
        assert ada.me().json["email_verified"] is True

    def test_verifies_nobody_else(self, client: ApiClient, token: str) -> None:
        other = accounts.register(client)
        verify(client, token)
        assert not is_verified(other)

    def test_changes_nothing_else(self, client: ApiClient, ada: Account, token: str) -> None:
        before = dict(User.objects.values().get())
        verify(client, token)
        after = dict(User.objects.values().get())
        changed = {name for name, value in after.items() if value != before[name]}
        assert changed == {"email_verified", "updated_at", "version"}
        assert ada.me().status == 200

    def test_is_noted_and_mails_nothing(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        mails.empty()
        verify(client, token)
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.EMAIL_VERIFIED, user_of(ada).pk)
        assert (event.request_id, event.actor_id) == (SENT["X-Request-ID"], None)
        assert mails.all() == []

    def test_costs_the_link_and_one_transaction(
        self,
        client: ApiClient,
        token: str,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        # The link with its user; a savepoint, the user locked, the link used up, the user, the
        # event, the release.
        with django_assert_num_queries(7):
            assert verify(client, token).status == 204


class TestResend:
    @pytest.fixture(autouse=True)
    def _read(self, ada: Account, mails: Mails) -> None:
        mails.empty()

    @pytest.mark.parametrize("email", ["", "ada", "ada@example.com,eve@example.com"])
    def test_refuses_what_is_no_address(self, client: ApiClient, email: str) -> None:
        answer = resend(client, email)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["email"]

    @pytest.mark.parametrize("changes", [{}, {"email_verified": True}, {"is_active": False}])
    @pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com", "eve@example.com"])
    def test_answers_202_to_everybody(
        self, client: ApiClient, changes: dict[str, bool], email: str
    ) -> None:
        User.objects.update(**changes)
        answer = resend(client, email)
        assert (answer.status, answer.body) == (202, b"")

    @pytest.mark.parametrize("changes", [{}, {"email_verified": True}, {"is_active": False}])
    def test_does_the_same_whether_there_is_an_account_or_not(
        self, client: ApiClient, ada: Account, limits: Limits, changes: dict[str, bool]
    ) -> None:
        limits.set(mail=(3, 3600))
        User.objects.update(**changes)
        known = asked(lambda: resend(client, ada.email))
        unknown = asked(lambda: resend(client, "eve@example.com"))
        assert known == unknown
        (statement,) = known[-1]
        assert statement.startswith('INSERT INTO "tasks_task"')

    @pytest.mark.parametrize("changes", [{"email_verified": True}, {"is_active": False}])
    def test_mails_nobody_who_has_no_use_for_it(
        self, client: ApiClient, ada: Account, mails: Mails, changes: dict[str, bool]
    ) -> None:
        User.objects.update(**changes)
        before = Link.objects.count()
        resend(client, ada.email)
        resend(client, "nobody@example.com")
        assert mails.all() == []
        assert Link.objects.count() == before

    def test_mails_another_link(self, client: ApiClient, ada: Account, mails: Mails) -> None:
        resend(client, ada.email, **SENT)
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([ada.email], SUBJECT)
        assert letter.page == "https://app.example.com/verify-email"
        task = Task.objects.filter(name="authentication.send_link").latest("id")
        assert letter.headers["X-Request-ID"] == task.request_id == SENT["X-Request-ID"]
        assert letter.headers["Message-ID"] == f"<{task.pk}@localhost>"
        assert verify(client, letter.token).status == 204

    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_finds_the_account_however_the_address_is_typed(
        self, client: ApiClient, mails: Mails, spelling: str
    ) -> None:
        accounts.register(client, email=ADDRESS)
        mails.empty()
        resend(client, SPELLINGS[spelling])
        assert [letter.message.to for letter in mails.all()] == [[ADDRESS]]

    def test_mails_nothing_past_the_limit_and_answers_the_same(
        self,
        client: ApiClient,
        ada: Account,
        mails: Mails,
        limits: Limits,
        elsewhere: InProcess,
    ) -> None:
        limits.set(mail=(1, 3600))
        answers = [resend(client, ada.email) for _ in range(3)]
        assert [(answer.status, answer.body) for answer in answers] == [(202, b"")] * 3
        assert len(mails.to(ada.email)) == 1
        resend(elsewhere, ada.email)
        assert len(mails.to(ada.email)) == 2

    def test_opens_no_door(self, client: ApiClient, ada: Account, mails: Mails) -> None:
        resend(client, ada.email)
        assert ada.me().json["email_verified"] is False
        verify(client, mails.last(ada.email).token)
        assert Account(client, ada.email, PASSWORD).log_in().status == 200
