"""``POST auth/password/reset/`` and ``…/confirm/``."""

import pytest
from pytest_django import Settings

from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Link, Purpose
from backend.tasks.models import Task
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient, InProcess
from backend.testing.limits import Limits
from backend.testing.mails import Mails
from backend.testing.staff import user_of
from backend.users.models import User
from tests.authentication.forms import (
    NEW,
    SENT,
    ask,
    asked,
    can_log_in,
    confirm,
)
from tests.authentication.test_register import ADDRESS, SPELLINGS

pytestmark = pytest.mark.django_db


class TestPasswordReset:
    @pytest.mark.parametrize("value", [..., None, 7, ["ada@example.com"], {"x": "x"}])
    def test_wants_an_address(self, client: ApiClient, value: object) -> None:
        body = {} if value is ... else {"email": value}
        answer = client.post("auth/password/reset/", body)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["email"]

    @pytest.mark.parametrize("email", ["", "ada", "ada@", "ada@example.com,eve@example.com"])
    def test_refuses_what_is_no_address(self, client: ApiClient, email: str) -> None:
        answer = ask(client, email)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["email"]
        assert not Task.objects.exists()

    def test_refuses_unknown_fields(self, client: ApiClient) -> None:
        body = {"email": "ada@example.com", "redirect": "https://evil.example.com"}
        answer = client.post("auth/password/reset/", body)
        assert [*answer.errors] == ["redirect"]

    @pytest.mark.parametrize("email", ["nobody@example.com", "ada@example.com", "ADA@example.com"])
    @pytest.mark.parametrize("is_active", [True, False])
    def test_answers_202_to_everybody(
        self, client: ApiClient, ada: Account, email: str, is_active: bool
    ) -> None:
        User.objects.update(is_active=is_active)
        answer = ask(client, email)
        assert (answer.status, answer.body) == (202, b"")

    @pytest.mark.parametrize("is_active", [True, False])
    def test_does_the_same_whether_there_is_an_account_or_not(
        self, client: ApiClient, ada: Account, limits: Limits, is_active: bool
    ) -> None:
        limits.set(mail=(3, 3600))
        User.objects.update(is_active=is_active)
        known = asked(lambda: ask(client, ada.email))
        unknown = asked(lambda: ask(client, "eve@example.com"))
        assert known == unknown
        (statement,) = known[-1]
        assert statement.startswith('INSERT INTO "tasks_task"')

    def test_does_the_same_past_the_limit_whether_there_is_an_account_or_not(
        self, client: ApiClient, ada: Account, limits: Limits
    ) -> None:
        limits.set(mail=(1, 3600))
        for email in (ada.email, "eve@example.com"):
            ask(client, email)
        known = asked(lambda: ask(client, ada.email))
        assert known == asked(lambda: ask(client, "eve@example.com"))
        assert known[-1] == []

    def test_mails_nobody_who_has_no_account(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        ask(client, "nobody@example.com")
        assert mails.all() == []
        assert not Link.objects.filter(purpose=Purpose.RESET_PASSWORD).exists()

    def test_mails_nobody_who_is_disabled(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        User.objects.update(is_active=False)
        ask(client, ada.email)
        assert mails.all() == []
        assert not Link.objects.filter(purpose=Purpose.RESET_PASSWORD).exists()
        assert not SecurityEvent.objects.filter(type=Event.PASSWORD_RESET_REQUESTED).exists()

    def test_mails_a_link_to_the_account(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        accounts.register(client)
        mails.empty()
        ask(client, ada.email)
        (letter,) = mails.all()
        assert letter.message.to == [ada.email]
        assert letter.subject == "Choose a new password for Backend"
        assert letter.page == "https://app.example.com/reset-password"
        assert confirm(client, letter.token).status == 204

    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_finds_the_account_however_the_address_is_typed(
        self, client: ApiClient, mails: Mails, spelling: str
    ) -> None:
        accounts.register(client, email=ADDRESS)
        mails.empty()
        ask(client, SPELLINGS[spelling])
        assert [letter.message.to for letter in mails.all()] == [[ADDRESS]]

    def test_reaches_an_account_without_a_password(self, client: ApiClient, mails: Mails) -> None:
        User.objects.create_user("ada@example.com")
        ask(client, "ada@example.com")
        assert confirm(client, mails.last("ada@example.com").token).status == 204
        assert can_log_in(Account(client, "ada@example.com"), NEW)

    @pytest.mark.parametrize(
        "header",
        [
            {"Host": "localhost"},
            {"X-Forwarded-Host": "evil.example.com"},
            {"Forwarded": "host=evil.example.com"},
            {"Origin": "https://evil.example.com"},
            {"Referer": "https://evil.example.com/"},
        ],
        ids=lambda header: next(iter(header)),
    )
    def test_mails_a_link_to_the_frontend_whatever_the_request_says(
        self,
        client: ApiClient,
        ada: Account,
        mails: Mails,
        settings: Settings,
        header: dict[str, str],
    ) -> None:
        settings.FRONTEND_URL = "https://www.example.com/shop"
        assert ask(client, ada.email, **header).status == 202
        letter = mails.last(ada.email)
        assert letter.page == "https://www.example.com/shop/reset-password"
        assert "evil" not in letter.everything
        assert "localhost" not in letter.text

    def test_refuses_a_host_that_is_not_ours(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        answer = ask(client, ada.email, Host="evil.example.com")
        assert (answer.status, answer.code) == (400, "bad_request")
        assert mails.all() == []

    def test_mails_a_link_for_each_request_until_one_is_used(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        for _ in range(3):
            ask(client, ada.email)
        first, second, third = (letter.token for letter in mails.to(ada.email))
        assert confirm(client, second).status == 204
        for token in (first, second, third):
            assert confirm(client, token).code == "token_invalid"

    def test_mails_no_link_that_is_dead_by_the_time(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        ask(client, ada.email)
        User.objects.update(is_active=False)
        assert mails.all() == []

    def test_names_its_request_in_the_mail_and_its_task_in_the_message_id(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        ask(client, ada.email, **SENT)
        headers = mails.last(ada.email).headers
        task = Task.objects.filter(name="authentication.send_link").latest("id")
        assert headers["X-Request-ID"] == task.request_id == "the-request-id"
        assert headers["Message-ID"] == f"<{task.pk}@localhost>"

    def test_is_noted_with_where_it_came_from(
        self, ada: Account, elsewhere: InProcess, mails: Mails
    ) -> None:
        ask(elsewhere, ada.email, **SENT)
        mails.all()
        event = SecurityEvent.objects.get(type=Event.PASSWORD_RESET_REQUESTED)
        assert event.user_id == user_of(ada).pk
        assert (event.ip_address, event.user_agent) == ("192.0.2.7", "curl/8.5.0")
        assert event.request_id == "the-request-id"

    def test_changes_nothing_by_itself(self, client: ApiClient, ada: Account, mails: Mails) -> None:
        before = User.objects.values().get()
        ask(client, ada.email)
        mails.all()
        assert User.objects.values().get() == before
        assert ada.me().status == 200
        assert can_log_in(ada, PASSWORD)


class TestPasswordResetLimit:
    @pytest.fixture(autouse=True)
    def _two(self, limits: Limits) -> None:
        limits.set(mail=(2, 3600))

    def test_answers_the_same_and_mails_nothing(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        answers = [ask(client, ada.email) for _ in range(4)]
        assert [(answer.status, answer.body) for answer in answers] == [(202, b"")] * 4
        assert len(mails.to(ada.email)) == 2

    def test_counts_an_account_once_however_it_is_spelt(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        for email in ("ADA@example.com", " ada@EXAMPLE.com ", "Ada@Example.Com"):
            ask(client, email)
        assert len(mails.to(ada.email)) == 2

    def test_counts_for_the_account_and_the_address_together(
        self, client: ApiClient, ada: Account, elsewhere: InProcess, mails: Mails
    ) -> None:
        other = accounts.register(client)
        mails.empty()
        for _ in range(3):
            ask(client, ada.email)
        ask(elsewhere, ada.email)
        ask(client, other.email)
        assert len(mails.to(ada.email)) == 3
        assert len(mails.to(other.email)) == 1

    def test_is_shared_with_the_other_mails_that_are_asked_for(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        for _ in range(2):
            client.post("auth/email/verify/resend/", {"email": ada.email})
        ask(client, ada.email)
        subjects = {letter.subject for letter in mails.to(ada.email)}
        assert subjects == {"Confirm your email address for Backend"}

    def test_is_told_in_the_headers(self, client: ApiClient, ada: Account) -> None:
        told = [ask(client, email).headers for email in [ada.email] * 3]
        assert {headers["ratelimit-policy"] for headers in told} == {'"mail";q=2;w=3600'}
        assert [headers["ratelimit"].partition(";t=")[0] for headers in told] == [
            '"mail";r=1',
            '"mail";r=0',
            '"mail";r=0',
        ]
