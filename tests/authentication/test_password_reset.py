"""``POST auth/password/reset/`` and ``…/confirm/``."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Link, Purpose, Session
from backend.tasks.models import Task
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient, InProcess
from backend.testing.limits import Limits
from backend.testing.mails import Mails
from backend.testing.races import outcomes
from backend.testing.staff import promote, user_of
from backend.users import services as users
from backend.users.models import User
from tests.authentication.crowds import at_once, confirming, deleting
from tests.authentication.forms import (
    NEW,
    SENT,
    ask,
    asked,
    can_log_in,
    change_email,
    change_password,
    confirm,
    delete,
    disable,
    object_to_it,
)
from tests.authentication.test_links import FORGERIES, Forge, other_spellings
from tests.authentication.test_register import ADDRESS, SPELLINGS

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(client: ApiClient, ada: Account, mails: Mails) -> str:
    """The token of a link that Ada has asked for."""
    ask(client, ada.email)
    return mails.last(ada.email).token


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


class TestPasswordResetConfirm:
    @pytest.mark.parametrize("field", ["token", "password", "password_confirm"])
    @pytest.mark.parametrize("value", [..., None, 7, ["x"]])
    def test_wants_text_in_every_field(
        self, client: ApiClient, token: str, field: str, value: object
    ) -> None:
        answer = confirm(client, token, **{field: value})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]

    @pytest.mark.parametrize("field", ["email", "current_password", "x"])
    def test_refuses_unknown_fields(self, client: ApiClient, token: str, field: str) -> None:
        assert [*confirm(client, token, **{field: "x"}).errors] == [field]
        assert confirm(client, token).status == 204

    def test_refuses_a_token_beyond_all_measure(self, client: ApiClient, token: str) -> None:
        answer = confirm(client, token + "A" * 4_033)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["token"]

    @pytest.mark.parametrize("escape", [rb"\u0000", rb"\ud800"])
    def test_refuses_a_token_that_is_no_text(
        self, client: ApiClient, token: str, escape: bytes
    ) -> None:
        body = b'{"token": "%s%s", "password": "x", "password_confirm": "x"}'
        answer = client.post("auth/password/reset/confirm/", body % (token.encode(), escape))
        assert (answer.status, answer.code) == (400, "invalid_json")

    @pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
    def test_refuses_a_forgery(
        self, client: ApiClient, ada: Account, token: str, forge: Forge
    ) -> None:
        link = Link.objects.select_related("user").get(purpose=Purpose.RESET_PASSWORD)
        answer = confirm(client, forge(link))
        assert (answer.status, answer.code, answer.errors) == (400, "token_invalid", {})
        assert ada.me().status == 200
        assert can_log_in(ada, PASSWORD)

    def test_refuses_the_token_in_another_spelling(
        self, client: ApiClient, ada: Account, token: str
    ) -> None:
        for spelling in other_spellings("a" + token[1:]):
            assert confirm(client, spelling).code == "token_invalid"
        for spelling in {*other_spellings(token)} - {token}:
            assert confirm(client, spelling).code == "token_invalid"
        assert can_log_in(ada, PASSWORD)

    def test_refuses_the_links_of_other_mails(
        self, client: ApiClient, mails: Mails, token: str, ada: Account
    ) -> None:
        eve = accounts.signed_in(client, email="eve@example.com")
        form = {"email": "new@example.com", "password": PASSWORD}
        client.post("auth/email/change/", form, token=eve.access)
        verify, warning = mails.to(eve.email)
        for letter in (verify, warning, mails.last("new@example.com")):
            assert confirm(client, letter.token).code == "token_invalid"
        assert can_log_in(eve, PASSWORD)
        for refused in (ada.access, ada.refresh):
            assert confirm(client, refused).code == "token_invalid"

    def test_refuses_a_used_token(self, client: ApiClient, ada: Account, token: str) -> None:
        assert confirm(client, token).status == 204
        third = "a third horse battery 9"
        answer = confirm(client, token, password=third, password_confirm=third)
        assert (answer.status, answer.code) == (400, "token_invalid")
        assert can_log_in(ada, NEW)

    def test_refuses_an_expired_token(self, client: ApiClient, ada: Account, token: str) -> None:
        (link,) = Link.objects.filter(purpose=Purpose.RESET_PASSWORD)
        assert link.expires_at - link.created_at == timedelta(hours=1)
        Link.objects.filter(pk=link.pk).update(expires_at=timezone.now())
        assert confirm(client, token).code == "token_invalid"
        assert can_log_in(ada, PASSWORD)

    def test_refuses_everybody_alike(self, client: ApiClient, ada: Account, token: str) -> None:
        User.objects.update(is_active=False)
        disabled, forged = confirm(client, token).json, confirm(client, "x").json
        for personal in ("request_id", "timestamp"):
            del disabled[personal], forged[personal]
        assert disabled == forged

    @pytest.mark.parametrize("confirmation", [NEW.upper(), f"{NEW} ", "x"])
    def test_blames_the_confirmation_that_differs(
        self, client: ApiClient, ada: Account, token: str, confirmation: str
    ) -> None:
        answer = confirm(client, token, password_confirm=confirmation)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["password_confirm"]
        assert can_log_in(ada, PASSWORD)

    @pytest.mark.parametrize(
        "password",
        ["", "7 chars", "e\u0301" * 7, "x!7q" * 64 + "x", "\ufdfa" * 15, "password123", "87654321"],
    )
    def test_refuses_a_password_that_is_not_good_enough(
        self, client: ApiClient, ada: Account, token: str, password: str
    ) -> None:
        answer = confirm(client, token, password=password, password_confirm=password)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert "password" in answer.errors
        assert can_log_in(ada, PASSWORD)

    @pytest.mark.parametrize("password", ["Bartholomew7", "wolfgangamadeus1"])
    def test_refuses_a_password_like_the_address_or_the_name(
        self, client: ApiClient, mails: Mails, password: str
    ) -> None:
        address = "wolfgangamadeus@example.com"
        accounts.register(client, email=address, first_name="Bartholomew")
        ask(client, address)
        answer = confirm(
            client, mails.last(address).token, password=password, password_confirm=password
        )
        assert [*answer.errors] == ["password"]

    def test_leaves_the_link_usable_when_it_refuses_the_password(
        self, client: ApiClient, ada: Account, token: str
    ) -> None:
        before = [User.objects.values().get(), Link.objects.order_by("pk").last()]
        confirm(client, token, password="x", password_confirm="x")
        confirm(client, token, password_confirm="x")
        assert [User.objects.values().get(), Link.objects.order_by("pk").last()] == before
        assert ada.me().status == 200
        assert confirm(client, token).status == 204

    def test_sets_the_password(self, client: ApiClient, ada: Account, token: str) -> None:
        answer = confirm(client, token)
        assert (answer.status, answer.body) == (204, b"")
        assert can_log_in(ada, NEW)
        assert not can_log_in(ada, PASSWORD)
        assert user_of(ada).password.startswith("argon2$argon2id$")

    def test_ends_every_session(self, client: ApiClient, ada: Account, token: str) -> None:
        device = Account(client, ada.email)
        device.log_in()
        assert confirm(client, token).status == 204
        for ended in (ada, device):
            assert ended.me().code == "session_revoked"
            assert ended.spend().code == "session_revoked"
        assert Session.objects.filter(user__email=ada.email).count() == 2

    def test_ends_the_visit_to_the_admin_site(
        self, client: InProcess, ada: Account, token: str
    ) -> None:
        client.django.force_login(user_of(promote(ada)))
        assert client.django.get("/admin/").status_code == 200
        assert confirm(InProcess(), token).status == 204
        assert client.django.get("/admin/").status_code == 302

    def test_opens_no_session(self, client: ApiClient, ada: Account, token: str) -> None:
        before = Session.objects.count()
        confirm(client, token)
        assert Session.objects.count() == before

    def test_proves_the_address(self, client: ApiClient, ada: Account, token: str) -> None:
        assert user_of(ada).email_verified is False
        confirm(client, token)
        assert user_of(ada).email_verified is True

    def test_leaves_everybody_else_alone(self, client: ApiClient, ada: Account, token: str) -> None:
        other = accounts.signed_in(client)
        assert confirm(client, token).status == 204
        assert other.me().status == 200
        assert can_log_in(other, PASSWORD)
        assert user_of(other).email_verified is False

    def test_is_noted(self, client: ApiClient, ada: Account, token: str) -> None:
        confirm(client, token)
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.PASSWORD_RESET, user_of(ada).pk)
        assert (event.session_id, event.actor_id) == (None, None)
        assert (event.request_id, event.user_agent) == ("the-request-id", "curl/8.5.0")

    def test_notes_nothing_that_it_refuses(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        mails.empty()
        before = SecurityEvent.objects.count()
        confirm(client, "x")
        confirm(client, token, password="x", password_confirm="x")
        assert SecurityEvent.objects.count() == before
        assert mails.all() == []

    def test_tells_the_owner_and_lets_them_object(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        mails.empty()
        confirm(client, token)
        (letter,) = mails.all()
        assert letter.message.to == [ada.email]
        assert letter.subject == "Your password for Backend was changed"
        assert "Device: curl\nIP address: 127.0.0.1\n" in letter.text
        assert letter.page == "https://app.example.com/not-me"
        assert client.post("auth/not-me/", {"token": letter.token}).status == 204
        assert not can_log_in(ada, NEW)

    def test_costs_the_link_and_one_transaction(
        self,
        client: ApiClient,
        ada: Account,
        token: str,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        # The link with its user; a savepoint, the user locked, the link used up, the user, the
        # event, the link to object with and its task, the release.
        with django_assert_num_queries(9):
            assert confirm(client, token).status == 204


DEADLY: dict[str, Callable[[Account, Mails], None]] = {
    "a change of the password": change_password,
    "a change of the address": change_email,
    "the deletion of the account": delete,
    "the disabling of the account": disable,
    "an objection": object_to_it,
}


class TestPasswordResetLink:
    @pytest.mark.parametrize("end", DEADLY.values(), ids=DEADLY)
    def test_is_dead_after(
        self,
        client: ApiClient,
        ada: Account,
        token: str,
        mails: Mails,
        end: Callable[[Account, Mails], None],
    ) -> None:
        end(ada, mails)
        before = User.objects.values().get()
        answer = confirm(
            client, token, password="a third horse 9", password_confirm="a third horse 9"
        )
        assert (answer.status, answer.code) == (400, "token_invalid")
        assert User.objects.values().get() == before

    @pytest.mark.parametrize("live", ["logins", "a change of the name", "logging out everywhere"])
    def test_survives(self, client: ApiClient, ada: Account, token: str, live: str) -> None:
        assert ada.log_in().status == 200
        if live == "a change of the name":
            client.patch("users/me/", {"first_name": "Ada"}, token=ada.access)
        elif live == "logging out everywhere":
            users.end_all_sessions(user_of(ada))
        assert confirm(client, token).status == 204


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestRacingPasswordResets:
    def test_with_one_link_have_one_winner(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        news = [f"horse battery number {number}" for number in range(20)]
        for _ in range(3):
            ask(client, ada.email)
            token = mails.last(ada.email).token
            mails.empty()
            answers = at_once([confirming(token, new) for new in news])
            assert outcomes(answers) == ["204", *["400 token_invalid"] * 19]
            for new, answer in zip(news, answers, strict=True):
                assert can_log_in(ada, new) is (answer.status == 204)
            (told,) = mails.to(ada.email)
            assert told.subject == "Your password for Backend was changed"

    def test_with_several_links_have_one_winner(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        for _ in range(8):
            ask(client, ada.email)
        answers = at_once([confirming(letter.token) for letter in mails.to(ada.email)])
        assert outcomes(answers) == ["204", *["400 token_invalid"] * 7]
        assert can_log_in(ada, NEW)

    def test_of_an_account_that_is_being_deleted_wait_for_each_other(
        self, client: ApiClient, mails: Mails
    ) -> None:
        for number in range(5):
            eve = accounts.signed_in(client, email=f"eve{number}@example.com")
            for _ in range(4):
                ask(client, eve.email)
            tokens = [letter.token for letter in mails.to(eve.email)[-4:]]
            *resets, deleted = at_once([*map(confirming, tokens), deleting(eve)])
            assert outcomes([deleted]) in (["204"], ["401 session_revoked"])
            winners = outcomes(resets).count("204")
            assert winners <= 1
            assert outcomes(resets).count("400 token_invalid") == 4 - winners
            if deleted.status == 401:
                assert winners == 1
