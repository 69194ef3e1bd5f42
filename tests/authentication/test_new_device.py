"""The mail about a sign-in from a device that was not seen before."""

import pytest

from backend.audit.models import Event, SecurityEvent
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient, InProcess
from backend.testing.mails import Letter, Mails
from backend.testing.staff import user_of
from tests.authentication.crowds import at_once
from tests.authentication.forms import can_log_in, object_to

pytestmark = pytest.mark.django_db

SUBJECT = "New sign-in to your account at Backend"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
HOSTILE = "<b>You won</b> Firefox/1.0 https://evil.example.com/?token=x"


def log_in(account: Account, agent: str) -> None:
    assert account.log_in(**{"User-Agent": agent}).status == 200


@pytest.fixture
def ada(client: ApiClient, mails: Mails) -> Account:
    """Somebody who has logged in once, with Firefox."""
    account = accounts.register(client, email="ada@example.com")
    mails.empty()
    log_in(account, FIREFOX)
    return account


def told(mails: Mails) -> list[Letter]:
    """The mails about sign-ins; there are no others."""
    letters = mails.all()
    assert {letter.subject for letter in letters} <= {SUBJECT}
    return letters


class TestNewDevice:
    def test_is_not_what_the_first_login_comes_from(self, ada: Account, mails: Mails) -> None:
        assert told(mails) == []

    def test_is_not_one_that_was_seen_before(self, ada: Account, mails: Mails) -> None:
        log_in(ada, FIREFOX)
        ada.client.post("auth/logout/all/", token=ada.access)
        log_in(ada, FIREFOX)
        assert told(mails) == []

    def test_is_not_what_only_guesses(self, ada: Account, mails: Mails) -> None:
        wrong = Account(ada.client, ada.email, "wrong horse battery 9")
        assert wrong.log_in(**{"User-Agent": SAFARI}).status == 401
        assert told(mails) == []

    def test_is_not_known_for_its_guesses(self, ada: Account, mails: Mails) -> None:
        wrong = Account(ada.client, ada.email, "wrong horse battery 9")
        wrong.log_in(**{"User-Agent": SAFARI})
        log_in(ada, SAFARI)
        assert len(told(mails)) == 1

    def test_is_not_known_from_somebody_else(
        self, client: ApiClient, ada: Account, mails: Mails
    ) -> None:
        other = accounts.register(client)
        log_in(other, SAFARI)
        mails.empty()
        log_in(ada, SAFARI)
        assert len(told(mails)) == 1

    def test_is_not_what_refreshes(self, ada: Account, mails: Mails) -> None:
        assert ada.spend(**{"User-Agent": SAFARI}).status == 200
        assert told(mails) == []

    def test_is_told_to_the_owner_once(self, ada: Account, mails: Mails) -> None:
        for _ in range(3):
            log_in(ada, SAFARI)
        (letter,) = told(mails)
        assert letter.message.to == [ada.email]

    def test_is_told_each_by_itself(self, ada: Account, mails: Mails) -> None:
        for agent in (SAFARI, "curl/8.5.0", "", FIREFOX):
            log_in(ada, agent)
        assert len(told(mails)) == 3

    def test_is_told_when_and_from_where(
        self, ada: Account, elsewhere: InProcess, mails: Mails
    ) -> None:
        body = {"email": ada.email, "password": ada.password}
        headers = {"User-Agent": SAFARI, "X-Request-ID": "the-request-id"}
        elsewhere.post("auth/login/", body, headers=headers)
        (letter,) = told(mails)
        event = SecurityEvent.objects.filter(type=Event.LOGIN_SUCCEEDED).latest("id")
        assert (
            f"Time: {event.created_at:%-d %B %Y, %H:%M} UTC\n"
            "Device: Safari on iPhone\nIP address: 192.0.2.7\n"
        ) in letter.text
        assert letter.headers["X-Request-ID"] == "the-request-id"

    def test_is_told_in_words_of_ours(self, ada: Account, mails: Mails) -> None:
        log_in(ada, HOSTILE)
        (letter,) = told(mails)
        assert "Device: Firefox\n" in letter.text
        for part in ("You won", "evil.example.com", "token=x", "1.0"):
            assert part not in letter.everything.replace('version="1.0"', "").replace(
                "MIME-Version: 1.0", ""
            )

    def test_can_be_thrown_out(self, ada: Account, mails: Mails) -> None:
        stranger = Account(InProcess(), ada.email)
        log_in(stranger, SAFARI)
        (letter,) = told(mails)
        assert letter.page == "https://app.example.com/not-me"
        assert object_to(ada.client, letter.token).status == 204
        assert stranger.me().code == "session_revoked"
        assert not can_log_in(ada, ada.password)

    def test_is_noted_as_any_login(self, ada: Account, mails: Mails) -> None:
        log_in(ada, SAFARI)
        event = SecurityEvent.objects.latest("id")
        assert (event.type, event.user_id) == (Event.LOGIN_SUCCEEDED, user_of(ada).pk)
        assert event.user_agent == SAFARI

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    def test_may_log_in_many_times_at_once(self, ada: Account, mails: Mails) -> None:
        body = {"email": ada.email, "password": ada.password}
        headers = {"User-Agent": SAFARI}
        answers = at_once([lambda c: c.post("auth/login/", body, headers=headers)] * 6)
        assert [answer.status for answer in answers] == [200] * 6
        assert told(mails)
