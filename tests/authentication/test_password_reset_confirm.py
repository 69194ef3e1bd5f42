"""``POST auth/password/reset/confirm/``, and the link that leads there."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Link, Purpose, Session
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient, InProcess
from backend.testing.mails import Mails
from backend.testing.races import outcomes
from backend.testing.staff import promote, user_of
from backend.users import services as users
from backend.users.models import User
from tests.authentication.crowds import at_once, confirming, deleting
from tests.authentication.forms import (
    NEW,
    ask,
    can_log_in,
    change_email,
    change_password,
    confirm,
    delete,
    disable,
    object_to_it,
)
from tests.authentication.test_links import FORGERIES, Forge, other_spellings

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(client: ApiClient, ada: Account, mails: Mails) -> str:
    """The token of a link that Ada has asked for."""
    ask(client, ada.email)
    return mails.last(ada.email).token


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
