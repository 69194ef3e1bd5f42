"""The mail about a refresh token that was used twice."""

from typing import Any

import pytest

from backend.audit.models import Event, SecurityEvent
from backend.authentication import sessions
from backend.authentication.models import Session
from backend.testing.accounts import Account
from backend.testing.client import InProcess
from backend.testing.mails import Mails
from backend.users.models import User
from tests.authentication.crowds import at_once
from tests.authentication.forms import object_to

pytestmark = pytest.mark.django_db

SUBJECT = "You were signed out of Backend for your safety"
OTHER = {"User-Agent": "curl/8.5.0", "X-Request-ID": "the-request-id"}


@pytest.fixture
def stolen(ada: Account) -> str:
    """A token that Ada has spent, and somebody else has a copy of."""
    assert ada.spend().status == 200
    return ada.refresh


class TestReusedToken:
    def test_is_not_what_two_tabs_race_for(self, ada: Account, stolen: str, mails: Mails) -> None:
        assert ada.spend(stolen).code == "refresh_token_rotated"
        assert mails.all() == []

    def test_of_a_user_who_is_gone_by_now_is_refused_without_a_mail(
        self, ada: Account, stolen: str, mails: Mails, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load = sessions._load_live

        def load_and_lose(*arguments: Any) -> Session:
            found = load(*arguments)
            User.objects.all().delete()
            return found

        monkeypatch.setattr(sessions, "_load_live", load_and_lose)
        assert ada.spend(stolen, **OTHER).code == "refresh_token_reused"
        assert mails.all() == []

    def test_is_not_what_an_ended_session_had(
        self, ada: Account, stolen: str, mails: Mails
    ) -> None:
        ada.client.post("auth/logout/", token=ada.access)
        assert ada.spend(stolen, **OTHER).code == "session_revoked"
        assert mails.all() == []

    def test_is_told_to_the_owner_once(self, ada: Account, stolen: str, mails: Mails) -> None:
        answers = [ada.spend(stolen, **OTHER) for _ in range(10)]
        assert answers[0].code == "refresh_token_reused"
        assert {answer.code for answer in answers[1:]} == {"session_revoked"}
        (letter,) = mails.all()
        assert (letter.message.to, letter.subject) == ([ada.email], SUBJECT)
        assert SecurityEvent.objects.filter(type=Event.REFRESH_TOKEN_REUSED).count() == 1

    def test_is_told_for_each_session(self, ada: Account, mails: Mails) -> None:
        for _ in range(2):
            assert ada.log_in().status == 200
            spent = ada.refresh
            ada.spend()
            ada.spend(spent, **OTHER)
        assert [letter.subject for letter in mails.to(ada.email)] == [SUBJECT] * 2

    def test_is_told_with_what_is_known_of_its_user(
        self, ada: Account, stolen: str, elsewhere: InProcess, mails: Mails
    ) -> None:
        elsewhere.post("auth/refresh/", {"refresh": stolen}, headers=OTHER)
        letter = mails.last(ada.email)
        assert "Device: curl\nIP address: 192.0.2.7\n" in letter.text
        assert letter.headers["X-Request-ID"] == "the-request-id"

    def test_is_told_even_though_the_request_was_refused(
        self, ada: Account, stolen: str, mails: Mails
    ) -> None:
        assert ada.spend(stolen, **OTHER).status == 401
        assert Session.objects.get().revoked_at is not None
        assert object_to(ada.client, mails.last(ada.email).token).status == 204

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    def test_is_told_once_however_many_come_at_once(
        self, ada: Account, stolen: str, mails: Mails
    ) -> None:
        body = {"refresh": stolen}
        answers = at_once([lambda c: c.post("auth/refresh/", body, headers=OTHER)] * 10)
        assert {answer.status for answer in answers} == {401}
        assert [letter.subject for letter in mails.all()] == [SUBJECT]
