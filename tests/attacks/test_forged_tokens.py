"""Forged tokens over the wire: wherever one is taken, none is accepted and none breaks anything."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import pytest

from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer
from tests.attacks.tokens import EVERY, NOBODYS, SPELLINGS, behind
from tests.authentication.forgery import Forger, Kind
from tests.figures import Held
from tests.service import Service

REFUSED = {
    400,  # longer than any, in a body
    401,
    413,  # longer than any body
    431,  # longer than any header
}
KINDS: tuple[Kind, ...] = ("access", "refresh")
JSON = {"Content-Type": "application/json"}
GONE, INVALID = "401 session_revoked", "401 token_invalid"


@dataclass(frozen=True)
class Place:
    """Where a token is taken: in which request, and of which kind."""

    method: str
    path: str
    kind: Kind
    how: Literal["bearer", "body"]

    def take(self, account: Account, token: str) -> Answer:
        """Hand in whatever it looks like; the answer may be the parser's, hence unchecked."""
        path, headers, body = f"/api/v1/{self.path}", {}, b""
        if self.how == "body":
            body, headers = json.dumps({"refresh": token}).encode(), JSON
        else:  # as UTF-8, like a browser
            headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
        return account.client.send(self.method, path, body, headers)


ME = Place("GET", "users/me/", "access", "bearer")
REFRESH = Place("POST", "auth/refresh/", "refresh", "body")
LOGOUT = Place("POST", "auth/logout/", "refresh", "body")
PLACES = (ME, Place("POST", "auth/logout/", "access", "bearer"), REFRESH, LOGOUT)
EACH = pytest.mark.parametrize("place", PLACES, ids=lambda it: f"{it.path} by {it.how}")


@pytest.fixture
def sign_in(service: Service) -> Iterator[Callable[[], Account]]:
    client = service.client()
    yield lambda: accounts.signed_in(client)
    client.session.close()


class TestForgery:
    def test_is_accepted_nowhere(self, sign_in: Callable[[], Account], held: Held) -> None:
        ada, tried = sign_in(), 0
        for kind in KINDS:
            forger = Forger(kind, behind(ada.refresh))
            for name, forge in EVERY.items():
                token = forge(forger)
                for place in PLACES:
                    if place.kind == kind and not (place is LOGOUT and name in NOBODYS):
                        answer = place.take(ada, token)
                        assert answer.status in REFUSED, (place, name, answer)
                        tried += 1
        for name in NOBODYS:  # sessions that there are not have ended already
            token = EVERY[name](Forger("refresh", behind(ada.refresh)))
            assert LOGOUT.take(ada, token).status == 204, name
        assert ada.me().status == 200
        assert ada.spend().status == 200
        held("40 forged tokens", f"{len(EVERY)} at {len(PLACES)} places: 0 of {tried} accepted")

    def test_of_one_users_session_by_another_opens_neither(
        self, sign_in: Callable[[], Account]
    ) -> None:
        ada, mallory = sign_in(), sign_in()
        hers, his = behind(ada.refresh), behind(mallory.refresh)
        for place in PLACES:
            by = Forger(place.kind, his)
            for token in (
                by.with_claims(sid=str(hers.pk)),
                by.with_claims(sub=str(hers.user_id)),
                by.with_claims(sid=str(hers.pk), jti=str(hers.refresh_jti)),
                by.with_claims(sub=str(hers.user_id), jti=str(hers.refresh_jti)),
            ):
                outcome = place.take(mallory, token).outcome
                assert outcome == ("204" if place is LOGOUT else GONE)
        assert [account.me().status for account in (ada, mallory)] == [200, 200]
        assert [account.spend().status for account in (ada, mallory)] == [200, 200]

    @EACH
    def test_of_the_other_kind_is_refused(
        self, sign_in: Callable[[], Account], place: Place
    ) -> None:
        ada = sign_in()
        other = ada.refresh if place.kind == "access" else ada.access
        assert place.take(ada, other).outcome == INVALID
        assert (ada.me().status, ada.spend().status) == (200, 200)

    @EACH
    def test_would_be_a_token_without_its_flaw(
        self, sign_in: Callable[[], Account], place: Place
    ) -> None:
        ada = sign_in()
        token = Forger(place.kind, behind(ada.refresh)).sign()
        assert place.take(ada, token).status in {200, 204}


class TestSpelling:
    """What spells a good token in another way is that token, or none; never another one."""

    def test_of_an_access_token_opens_no_other_account_and_ends_with_it(
        self, sign_in: Callable[[], Account]
    ) -> None:
        ada = sign_in()
        tokens = {
            name: spell(Forger("access", behind(ada.refresh))) for name, spell in SPELLINGS.items()
        }
        for name, token in tokens.items():
            answer = ME.take(ada, token)
            assert answer.status in {200, 401}, name
            assert answer.status == 401 or answer.json["email"] == ada.email, name
        LOGOUT.take(ada, ada.refresh).require(204)
        for name, token in tokens.items():
            assert ME.take(ada, token).outcome in {GONE, INVALID}, name

    @pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
    def test_of_a_refresh_token_is_not_exchanged_a_second_time(
        self, sign_in: Callable[[], Account], spell: Callable[[Forger], str]
    ) -> None:
        ada = sign_in()
        respelt = spell(Forger("refresh", behind(ada.refresh)))
        outcomes = [REFRESH.take(ada, token).outcome for token in (respelt, ada.refresh, respelt)]
        assert sum(outcome == "200" for outcome in outcomes) == 1, outcomes
