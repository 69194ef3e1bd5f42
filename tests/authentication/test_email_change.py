"""``POST auth/email/change/``, and what its link does at ``auth/email/verify/``."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Link, Purpose, Session
from backend.tasks.models import Task
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient, InProcess
from backend.testing.limits import Limits
from backend.testing.mails import Mails
from backend.testing.races import outcomes
from backend.testing.staff import VIEW, permit, user_of
from backend.users.models import User
from tests.authentication.crowds import at_once, verifying
from tests.authentication.forms import (
    SENT,
    ask,
    asked,
    can_log_in,
    change,
    change_password,
    confirm,
    delete,
    disable,
    object_to_it,
    verify,
)
from tests.authentication.test_links import FORGERIES, Forge
from tests.authentication.test_register import ADDRESS, SPELLINGS

pytestmark = pytest.mark.django_db

NEW = "ada@new.example.com"
WRONG = "wrong horse battery 9"
CONFIRM = "Confirm your new email address for Backend"
WARN = "Your email address for Backend is about to change"


@pytest.fixture
def token(ada: Account, mails: Mails) -> str:
    """What the mail to Ada's new address carries."""
    assert change(ada).status == 202
    return mails.last(NEW).token


class TestEmailChange:
    def test_refuses_the_anonymous(self, client: ApiClient, ada: Account, mails: Mails) -> None:
        answer = client.post("auth/email/change/", {"email": NEW, "password": PASSWORD})
        assert (answer.status, answer.code) == (401, "not_authenticated")
        assert mails.all() == []

    def test_refuses_an_ended_bearer(self, ada: Account, mails: Mails) -> None:
        ada.client.post("auth/logout/", token=ada.access)
        assert change(ada).code == "session_revoked"
        assert mails.all() == []

    @pytest.mark.parametrize("field", ["email", "password"])
    @pytest.mark.parametrize("value", [..., None, 7, ["x"]])
    def test_wants_text_in_every_field(self, ada: Account, field: str, value: object) -> None:
        answer = change(ada, **{field: value})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]

    @pytest.mark.parametrize("email", ["", "ada", "ada@", "a@b.example,c@d.example"])
    def test_refuses_what_is_no_address(self, ada: Account, mails: Mails, email: str) -> None:
        answer = change(ada, email)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["email"]
        assert mails.all() == []

    def test_refuses_a_wrong_password(self, ada: Account, mails: Mails) -> None:
        answer = change(ada, password=WRONG)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["password"]
        assert mails.all() == []
        assert ada.me().status == 200
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.PASSWORD_REFUSED, user_of(ada).pk)
        assert event.session_id == Session.objects.get().pk

    def test_counts_a_wrong_password_as_a_failed_login(
        self, ada: Account, limits: Limits, mails: Mails
    ) -> None:
        limits.set(login_failures=(3, 300))
        assert Account(ada.client, ada.email, WRONG).log_in().status == 401
        assert [change(ada, password=WRONG).status for _ in range(3)] == [400, 400, 429]
        assert change(ada).status == 429
        assert ada.log_in().status == 429
        assert mails.all() == []

    @pytest.mark.parametrize("email", [NEW, "eve@example.com", "ada@example.com"])
    def test_answers_202_whosever_the_address_is(
        self, client: ApiClient, ada: Account, email: str
    ) -> None:
        accounts.register(client, email="eve@example.com")
        answer = change(ada, email)
        assert (answer.status, answer.body) == (202, b"")

    def test_does_the_same_whosever_the_address_is(
        self, client: ApiClient, ada: Account, limits: Limits
    ) -> None:
        limits.set(mail=(3, 3600), login_failures=(5, 300))
        accounts.register(client, email="eve@example.com")
        change(ada, "first@example.com")
        free = asked(lambda: change(ada))
        assert free == asked(lambda: change(ada, "eve@example.com"))
        assert not any('"users_user"."email" =' in statement for statement in free[-1])

    @pytest.mark.parametrize("email", ["eve@example.com", "EVE@example.com"])
    @pytest.mark.parametrize("is_active", [True, False])
    def test_mails_a_taken_address_nothing_and_warns_the_old_one(
        self, client: ApiClient, ada: Account, mails: Mails, email: str, is_active: bool
    ) -> None:
        accounts.register(client, email="eve@example.com")
        User.objects.filter(email="eve@example.com").update(is_active=is_active)
        mails.empty()
        change(ada, email)
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([ada.email], WARN)

    def test_mails_a_free_address_a_link_and_warns_the_old_one(
        self, ada: Account, mails: Mails
    ) -> None:
        change(ada)
        (warning,) = mails.to(ada.email)
        (link,) = mails.to(NEW)
        assert len(mails.all()) == 2
        assert (warning.subject, link.subject) == (WARN, CONFIRM)
        assert warning.page == "https://app.example.com/not-me"
        assert link.page == "https://app.example.com/verify-email"
        assert "Device: curl\nIP address: 127.0.0.1\n" in warning.text
        for letter in (warning, link):
            assert letter.headers["X-Request-ID"] == SENT["X-Request-ID"]
        # Neither tells of the other: a mistyped address is somebody else's.
        assert NEW not in warning.everything
        assert ada.email not in link.everything

    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_takes_the_address_however_it_is_typed(
        self, client: ApiClient, ada: Account, mails: Mails, spelling: str
    ) -> None:
        change(ada, SPELLINGS[spelling])
        assert verify(client, mails.last(ADDRESS).token).status == 204
        assert ada.me().json["email"] == ADDRESS

    def test_changes_nothing_by_itself(self, ada: Account, mails: Mails) -> None:
        before = User.objects.values().get()
        change(ada)
        mails.all()
        assert User.objects.values().get() == before
        assert ada.me().json["email"] == ada.email
        assert can_log_in(ada, PASSWORD)
        assert not can_log_in(Account(ada.client, NEW), PASSWORD)

    def test_does_not_reserve_the_address(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        change(ada)
        mails.all()
        assert accounts.register(client, email=NEW).log_in().status == 200

    def test_is_noted_with_its_session(self, ada: Account) -> None:
        change(ada)
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.EMAIL_CHANGE_REQUESTED, user_of(ada).pk)
        assert event.session_id == Session.objects.get().pk
        assert (event.request_id, event.user_agent) == ("the-request-id", "curl/8.5.0")

    def test_past_the_limit_does_nothing_and_answers_the_same(
        self, ada: Account, limits: Limits, mails: Mails
    ) -> None:
        limits.set(mail=(1, 3600))
        answers = [change(ada, f"ada{number}@example.com") for number in range(3)]
        assert [(answer.status, answer.body) for answer in answers] == [(202, b"")] * 3
        assert [letter.message.to for letter in mails.all()] == [
            ["ada@example.com"],
            ["ada0@example.com"],
        ]
        asked_for = SecurityEvent.objects.filter(type=Event.EMAIL_CHANGE_REQUESTED)
        assert asked_for.count() == 1
        assert answers[-1].headers["ratelimit"].startswith('"mail";r=0;')

    def test_leaves_the_addresses_in_no_task_once_it_is_done(
        self, ada: Account, mails: Mails
    ) -> None:
        change(ada)
        mails.all()
        assert {*Task.objects.values_list("state", "arguments")} == {("done", "{}")}


class TestNewAddress:
    @pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
    def test_is_not_taken_from_a_forgery(
        self, client: ApiClient, ada: Account, token: str, forge: Forge
    ) -> None:
        link = Link.objects.select_related("user").get(purpose=Purpose.CHANGE_EMAIL)
        assert verify(client, forge(link)).code == "token_invalid"
        assert ada.me().json["email"] == ada.email

    def test_becomes_the_account_s_by_the_mailed_link(
        self, ada: Account, token: str, elsewhere: InProcess
    ) -> None:
        answer = verify(elsewhere, token)
        assert (answer.status, answer.body) == (204, b"")
        me = ada.me().json
        assert (me["email"], me["email_verified"]) == (NEW, True)

    def test_is_what_logs_in_from_then_on(
        self, client: ApiClient, ada: Account, token: str
    ) -> None:
        assert can_log_in(ada, PASSWORD)
        verify(client, token)
        assert not can_log_in(ada, PASSWORD)
        assert can_log_in(Account(client, NEW), PASSWORD)

    def test_leaves_the_sessions_alone(self, client: ApiClient, ada: Account, token: str) -> None:
        verify(client, token)
        assert ada.me().status == 200
        assert ada.spend().status == 200

    def test_is_found_by_staff(self, client: ApiClient, ada: Account, token: str) -> None:
        verify(client, token)
        staff = permit(accounts.signed_in(client), VIEW)
        for search, found in (("ada@new", [NEW]), ("ada@example.com", [])):
            page = client.get(f"users/?search={search}", token=staff.access).json
            assert [user["email"] for user in page["results"]] == found

    def test_sets_the_old_one_free(self, client: ApiClient, ada: Account, token: str) -> None:
        verify(client, token)
        other = accounts.register(client, email=ada.email)
        assert user_of(other).pk != User.objects.get(email=NEW).pk

    def test_is_noted(self, client: ApiClient, token: str, mails: Mails) -> None:
        mails.empty()
        verify(client, token)
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.EMAIL_CHANGED, User.objects.get().pk)
        assert event.request_id == SENT["X-Request-ID"]
        assert mails.all() == []

    def test_is_refused_with_a_used_link(self, client: ApiClient, ada: Account, token: str) -> None:
        assert verify(client, token).status == 204
        answer = verify(client, token)
        assert (answer.status, answer.code) == (400, "token_invalid")

    def test_is_refused_with_an_expired_link(
        self, client: ApiClient, ada: Account, token: str
    ) -> None:
        (link,) = Link.objects.filter(purpose=Purpose.CHANGE_EMAIL)
        assert link.expires_at - link.created_at == timedelta(days=1)
        Link.objects.update(expires_at=timezone.now())
        assert verify(client, token).code == "token_invalid"
        assert ada.me().json["email"] == ada.email

    @pytest.mark.parametrize("end", [change_password, delete, disable, object_to_it])
    def test_is_refused_with_a_link_from_before(
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

    def test_is_refused_with_a_link_from_before_a_reset(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        ask(client, ada.email)
        assert confirm(client, mails.last(ada.email).token).status == 204
        assert verify(client, token).code == "token_invalid"

    def test_is_refused_with_a_link_from_before_another_change(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        change(ada, "ada@newer.example.com")
        assert verify(client, mails.last("ada@newer.example.com").token).status == 204
        assert verify(client, token).code == "token_invalid"
        assert ada.me().json["email"] == "ada@newer.example.com"

    def test_is_refused_when_it_is_taken_meanwhile(
        self, client: ApiClient, ada: Account, token: str
    ) -> None:
        accounts.register(client, email=NEW)
        before = [*User.objects.values(), *Link.objects.values(), SecurityEvent.objects.count()]
        answer = verify(client, token)
        assert (answer.status, answer.code) == (409, "conflict")
        assert [
            *User.objects.values(),
            *Link.objects.values(),
            SecurityEvent.objects.count(),
        ] == before
        assert can_log_in(ada, PASSWORD)

    def test_is_taken_after_all_once_it_is_free(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        other = accounts.signed_in(client, email=NEW)
        assert verify(client, token).status == 409
        delete(other, mails)
        assert verify(client, token).status == 204
        assert ada.me().json["email"] == NEW

    def test_can_be_left_again(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        verify(client, token)
        change(ada, ada.email)
        assert verify(client, mails.last(ada.email).token).status == 204
        assert ada.me().json["email"] == ada.email


class TestDelayedChange:
    """The mails are written by a worker, which may come late."""

    @pytest.mark.parametrize("end", [change_password, disable, delete, object_to_it])
    def test_of_an_account_that_has_changed_since_is_not_offered(
        self,
        ada: Account,
        mails: Mails,
        end: Callable[[Account, Mails], None],
    ) -> None:
        change(ada)
        end(ada, mails)
        assert mails.to(NEW) == []

    def test_to_an_address_that_was_taken_since_is_not_offered(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        change(ada)
        accounts.register(client, email=NEW)
        assert CONFIRM not in {letter.subject for letter in mails.to(NEW)}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestRacingChanges:
    def test_to_one_address_have_one_winner(self, client: ApiClient, mails: Mails) -> None:
        for number in range(3):
            address = f"coveted{number}@example.com"
            people = [accounts.signed_in(client) for _ in range(6)]
            for account in people:
                change(account, address)
            calls = [verifying(letter.token) for letter in mails.to(address)]
            assert outcomes(at_once(calls)) == ["204", *["409 conflict"] * 5]
            assert [account.me().json["email"] for account in people].count(address) == 1

    def test_with_one_link_have_one_winner(
        self, client: ApiClient, ada: Account, token: str
    ) -> None:
        assert outcomes(at_once([verifying(token)] * 8)) == ["204", *["400 token_invalid"] * 7]
