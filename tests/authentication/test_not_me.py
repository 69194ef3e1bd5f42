"""``POST auth/not-me/``: the link in mails that warn."""

from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.audit.models import Event, SecurityEvent
from backend.authentication.models import Link, Purpose
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient, InProcess
from backend.testing.mails import Mails
from backend.testing.races import outcomes
from backend.testing.staff import promote, user_of
from backend.users.models import User
from tests import people
from tests.authentication.crowds import at_once, objecting, verifying
from tests.authentication.forms import (
    SENT,
    ask,
    can_log_in,
    change,
    confirm,
    delete,
    disable,
    object_to,
    verify,
)
from tests.authentication.test_links import FORGERIES, Forge, other_spellings

pytestmark = pytest.mark.django_db

HERS, HIS = "ada@example.com", "thief@example.com"
RESET = "Choose a new password for Backend"
_numbers = count(1)


def take_over(account: Account, mails: Mails, address: str = HIS) -> None:
    """Move somebody's account to another address, as a thief does who knows the password."""
    assert change(account, address, account.password).status == 202
    assert verify(account.client, mails.last(address).token).status == 204
    account.email = address


def set_password(account: Account) -> None:
    """Set yet another password."""
    new = f"the thief's password {next(_numbers)}"
    body = {
        "current_password": account.password,
        "new_password": new,
        "new_password_confirm": new,
    }
    answer = account.client.post("auth/password/change/", body, token=account.access)
    assert answer.status == 204
    account.password = new


@pytest.fixture
def ada(client: ApiClient) -> Account:
    """Somebody who is signed in."""
    return people.signed_in(client, email=HERS)


@pytest.fixture
def thief(ada: Account) -> Account:
    """Somebody who is signed in to Ada's account from the device that she lost."""
    stranger = Account(InProcess(), HERS)
    assert stranger.log_in().status == 200
    return stranger


@pytest.fixture
def token(thief: Account, mails: Mails) -> str:
    """What the mail carries that warns Ada of a change of her address."""
    assert change(thief, HIS).status == 202
    return mails.last(HERS).token


class TestNotMe:
    @pytest.mark.parametrize("value", [None, 7, True, ["x"], {"x": "x"}])
    def test_wants_text(self, client: ApiClient, value: object) -> None:
        answer = object_to(client, value)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["token"]

    def test_refuses_unknown_fields(self, client: ApiClient, token: str) -> None:
        assert [*object_to(client, token, email=HIS).errors] == ["email"]

    @pytest.mark.parametrize("escape", [rb"\u0000", rb"\ud800"])
    def test_refuses_a_token_that_is_no_text(self, client: ApiClient, escape: bytes) -> None:
        answer = client.post("auth/not-me/", b'{"token": "%s"}' % escape)
        assert (answer.status, answer.code) == (400, "invalid_json")

    @pytest.mark.parametrize("name", set(FORGERIES) - {"signed for another purpose"})
    def test_refuses_a_forgery(
        self, client: ApiClient, ada: Account, token: str, name: str
    ) -> None:
        forge: Forge = FORGERIES[name]
        link = Link.objects.select_related("user").get(purpose=Purpose.NOT_ME)
        answer = object_to(client, forge(link))
        assert (answer.status, answer.code, answer.errors) == (400, "token_invalid", {})
        assert ada.me().status == 200

    def test_refuses_the_token_in_another_spelling(
        self, client: ApiClient, ada: Account, token: str
    ) -> None:
        for spelling in {*other_spellings(token)} - {token}:
            assert object_to(client, spelling).code == "token_invalid"
        assert ada.me().status == 200

    def test_refuses_the_links_of_other_mails(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        ask(client, HERS)
        client.post("auth/email/verify/resend/", {"email": HERS})
        _, reset, verification = mails.to(HERS)
        for letter in (reset, verification, mails.last(HIS)):
            assert object_to(client, letter.token).code == "token_invalid"
        assert ada.me().status == 200

    def test_refuses_a_used_token(self, client: ApiClient, token: str, mails: Mails) -> None:
        assert object_to(client, token).status == 204
        mails.empty()
        answer = object_to(client, token)
        assert (answer.status, answer.code) == (400, "token_invalid")
        assert mails.all() == []

    def test_refuses_an_expired_token(self, client: ApiClient, ada: Account, token: str) -> None:
        link = Link.objects.get(purpose=Purpose.NOT_ME)
        assert link.expires_at - link.created_at == timedelta(days=7)
        Link.objects.filter(pk=link.pk).update(expires_at=timezone.now())
        assert object_to(client, token).code == "token_invalid"
        assert ada.me().status == 200

    def test_refuses_when_the_account_is_disabled(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        disable(ada, mails)
        assert object_to(client, token).code == "token_invalid"

    def test_refuses_when_the_account_is_gone(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        delete(ada, mails)
        assert object_to(client, token).code == "token_invalid"

    def test_needs_nobody_to_be_signed_in(self, token: str, elsewhere: InProcess) -> None:
        answer = object_to(elsewhere, token)
        assert (answer.status, answer.body) == (204, b"")

    def test_ends_every_session(
        self, client: ApiClient, ada: Account, thief: Account, token: str
    ) -> None:
        assert object_to(client, token).status == 204
        for ended in (ada, thief):
            assert ended.me().code == "session_revoked"
            assert ended.spend().code == "session_revoked"

    def test_ends_the_visit_to_the_admin_site(
        self, client: InProcess, ada: Account, token: str
    ) -> None:
        client.django.force_login(user_of(promote(ada)))
        assert client.django.get("/admin/").status_code == 200
        assert object_to(InProcess(), token).status == 204
        assert client.django.get("/admin/").status_code == 302

    def test_leaves_no_password_that_works(
        self, client: ApiClient, ada: Account, token: str
    ) -> None:
        object_to(client, token)
        assert not can_log_in(ada, PASSWORD)
        assert not user_of(ada).has_usable_password()

    def test_kills_the_pending_change(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        object_to(client, token)
        assert verify(client, mails.last(HIS).token).code == "token_invalid"
        assert user_of(ada).email == HERS

    def test_mails_a_link_for_a_new_password(
        self, client: ApiClient, ada: Account, token: str, mails: Mails
    ) -> None:
        mails.empty()
        object_to(client, token)
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([HERS], RESET)
        assert letter.headers["X-Request-ID"] == SENT["X-Request-ID"]
        assert confirm(client, letter.token).status == 204
        assert Account(client, HERS, "another horse battery 9").log_in().status == 200

    def test_gives_the_address_back(
        self, client: ApiClient, thief: Account, token: str, mails: Mails
    ) -> None:
        assert verify(client, mails.last(HIS).token).status == 204
        mails.empty()
        assert object_to(client, token).status == 204
        user = User.objects.get()
        assert (user.email, user.email_verified) == (HERS, True)
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([HERS], RESET)
        assert confirm(client, letter.token).status == 204
        assert Account(client, HERS, "another horse battery 9").log_in().status == 200

    def test_sets_the_thief_s_address_free(
        self, client: ApiClient, thief: Account, token: str, mails: Mails
    ) -> None:
        take_over(thief, mails)
        object_to(client, token)
        assert accounts.register(client, email=HIS).email == HIS

    def test_works_whatever_the_thief_has_changed(
        self, client: ApiClient, thief: Account, token: str, mails: Mails
    ) -> None:
        take_over(thief, mails)
        set_password(thief)
        take_over(thief, mails, "thief@elsewhere.example.com")
        set_password(thief)
        assert object_to(client, token).status == 204
        assert thief.me().code == "session_revoked"
        assert thief.log_in().code == "invalid_credentials"
        assert User.objects.get().email == HERS
        assert confirm(client, mails.last(HERS).token).status == 204

    def test_leaves_everybody_else_alone(self, client: ApiClient, token: str) -> None:
        other = accounts.signed_in(client)
        object_to(client, token)
        assert other.me().status == 200
        assert can_log_in(other, PASSWORD)

    def test_is_noted(self, client: ApiClient, ada: Account, token: str) -> None:
        object_to(client, token)
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.NOT_ME, user_of(ada).pk)
        assert (event.request_id, event.user_agent) == ("the-request-id", "curl/8.5.0")

    def test_costs_the_link_and_one_transaction(
        self, client: ApiClient, token: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        # The link with its user; a savepoint, the user locked, the link used up, those after it;
        # the password, the event, the link for a new one and its task, the release.
        with django_assert_num_queries(10):
            assert object_to(client, token).status == 204


class TestThief:
    """Somebody who was in the account, and has got mail of their own for it."""

    def test_cannot_object_after_the_owner(
        self, client: ApiClient, thief: Account, token: str, mails: Mails
    ) -> None:
        take_over(thief, mails)
        set_password(thief)
        told = mails.last(HIS)
        assert told.subject == "Your password for Backend was changed"
        assert object_to(client, token).status == 204
        mails.empty()
        assert object_to(client, told.token).code == "token_invalid"
        assert User.objects.get().email == HERS
        assert mails.all() == []

    def test_cannot_keep_the_owner_out_by_objecting_first(
        self, client: ApiClient, thief: Account, token: str, mails: Mails
    ) -> None:
        take_over(thief, mails)
        set_password(thief)
        assert object_to(client, mails.last(HIS).token).status == 204
        assert confirm(client, mails.last(HIS).token).status == 204
        assert object_to(client, token).status == 204
        assert User.objects.get().email == HERS
        assert confirm(client, mails.last(HERS).token).status == 204
        assert can_log_in(Account(client, HERS), "another horse battery 9")

    def test_cannot_use_any_link_from_before(
        self, client: ApiClient, thief: Account, token: str, mails: Mails
    ) -> None:
        take_over(thief, mails)
        ask(client, HIS)
        change(thief, "thief@elsewhere.example.com")
        letters = [*mails.to(HIS), *mails.to("thief@elsewhere.example.com")]
        # Both requests for this address, the reset, the warning of the next change, that change.
        assert len(letters) == 5
        assert object_to(client, token).status == 204
        for letter in letters:
            assert verify(client, letter.token).code == "token_invalid"
            assert confirm(client, letter.token).code == "token_invalid"
            assert object_to(client, letter.token).code == "token_invalid"


class TestTakenAddress:
    """What the owner's address has become is somebody else's by now."""

    @pytest.fixture
    def other(self, client: ApiClient, thief: Account, token: str, mails: Mails) -> Account:
        """Somebody who has registered the address that Ada had, and has proved it."""
        take_over(thief, mails)
        other = accounts.signed_in(client, email=HERS)
        assert verify(client, mails.last(HERS).token).status == 204
        mails.empty()
        return other

    def test_stays_with_whoever_has_proved_it(
        self, client: ApiClient, thief: Account, token: str, other: Account
    ) -> None:
        assert object_to(client, token).status == 204
        assert other.me().json["email"] == HERS
        assert can_log_in(other, PASSWORD)
        assert thief.me().code == "session_revoked"
        assert thief.log_in().code == "invalid_credentials"

    def test_is_where_the_link_for_a_new_password_goes(
        self, client: ApiClient, token: str, other: Account, mails: Mails
    ) -> None:
        object_to(client, token)
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([HERS], RESET)

    def test_does_not_prove_the_thief_s(
        self, client: ApiClient, token: str, other: Account, mails: Mails
    ) -> None:
        User.objects.filter(email=HIS).update(email_verified=False)
        object_to(client, token)
        assert confirm(client, mails.last(HERS).token).status == 204
        user = User.objects.get(email=HIS)
        assert user.has_usable_password()
        assert user.email_verified is False

    def test_is_given_back_by_whoever_has_not_proved_it(
        self, client: ApiClient, thief: Account, token: str, mails: Mails
    ) -> None:
        # Or a thief would register the address that they have just taken somebody's account from.
        take_over(thief, mails)
        accounts.register(client, email=HERS)
        assert object_to(client, token).status == 204
        assert confirm(client, mails.last(HERS).token).status == 204
        ask(client, HIS)
        assert RESET not in {letter.subject for letter in mails.to(HIS)}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestRacingObjections:
    def test_with_one_link_have_one_winner(
        self, client: ApiClient, token: str, mails: Mails
    ) -> None:
        mails.empty()
        answers = at_once([objecting(token)] * 8)
        assert outcomes(answers) == ["204", *["400 token_invalid"] * 7]
        assert len(mails.to(HERS)) == 1

    def test_and_the_thief_s_change_leave_the_address_with_its_owner(
        self, client: ApiClient, mails: Mails
    ) -> None:
        for number in range(5):
            hers, his = f"ada{number}@example.com", f"thief{number}@example.com"
            account = accounts.signed_in(client, email=hers)
            change(account, his)
            mine, theirs = mails.last(hers).token, mails.last(his).token
            objection, change_of_address = at_once([objecting(mine), verifying(theirs)])
            assert objection.status == 204
            assert outcomes([change_of_address]) in (["204"], ["400 token_invalid"])
            assert User.objects.filter(email=hers).exists()
            assert not User.objects.filter(email=his).exists()
