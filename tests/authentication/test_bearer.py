"""The bearer check, as every private operation makes it."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from backend.authentication.models import Session
from backend.authentication.tokens import AccessToken, RefreshToken
from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient
from backend.users.models import User
from tests import people
from tests.authentication.forgery import FORGERIES, Forger, Kind

pytestmark = pytest.mark.django_db

PRIVATE = {
    ("GET", "users/me/"),
    ("PATCH", "users/me/"),
    ("GET", "auth/sessions/"),
    ("DELETE", f"auth/sessions/{UUID(int=7)}/"),
    ("POST", "auth/logout/"),
    ("POST", "auth/logout/all/"),
    ("POST", "auth/password/change/"),
}
EACH_PRIVATE = pytest.mark.parametrize(("method", "path"), sorted(PRIVATE))


def expired(session: Session, *, seconds: float) -> str:
    """An access token that ended so long ago."""
    now = timezone.now()
    return AccessToken.issue(
        user_id=session.user_id,
        session_id=session.pk,
        issued_at=now - timedelta(hours=1),
        expires_at=now - timedelta(seconds=seconds),
    )


class TestBearer:
    @EACH_PRIVATE
    def test_wants_a_token(self, client: ApiClient, method: str, path: str) -> None:
        answer = client.call(method, path)
        assert (answer.status, answer.code) == (401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.errors == {}

    @EACH_PRIVATE
    def test_tells_that_a_session_has_ended(self, account: Account, method: str, path: str) -> None:
        account.client.post("auth/logout/", {"refresh": account.refresh})
        answer = account.client.call(method, path, token=account.access)
        assert (answer.status, answer.code) == (401, "session_revoked")
        assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize(
        "scheme", ["Basic {}", "Token {}", "JWT {}", "{}", "Digest {}", "Bearerx {}", "Basic", " "]
    )
    def test_knows_no_other_scheme(self, account: Account, scheme: str) -> None:
        headers = {"Authorization": scheme.format(account.access)}
        answer = account.client.get("users/me/", headers=headers)
        assert (answer.status, answer.code) == (401, "not_authenticated")

    @pytest.mark.parametrize("scheme", ["Bearer", "Bearer ", "Bearer  ", "Bearer x y"])
    def test_wants_a_token_behind_the_scheme(self, client: ApiClient, scheme: str) -> None:
        answer = client.get("users/me/", headers={"Authorization": scheme})
        assert answer.status == 401
        assert answer.code in {"not_authenticated", "token_invalid"}

    @pytest.mark.parametrize("place", ["?access={}", "?token={}", "?access_token={}"])
    def test_takes_no_token_from_the_address(self, account: Account, place: str) -> None:
        answer = account.client.get(f"users/me/{place.format(account.access)}")
        assert answer.code == "not_authenticated"

    def test_takes_no_token_from_a_cookie(self, account: Account) -> None:
        cookie = {"Cookie": f"access={account.access}; Authorization={account.access}"}
        assert account.client.get("users/me/", headers=cookie).code == "not_authenticated"

    def test_refuses_an_expired_token(self, account: Account, session: Session) -> None:
        answer = account.me(expired(session, seconds=6))
        assert (answer.status, answer.code) == (401, "token_expired")
        assert account.me().status == 200

    def test_says_invalid_before_it_says_expired(self, account: Account, session: Session) -> None:
        assert account.me(expired(session, seconds=60)[:-2]).code == "token_invalid"
        now = timezone.now()
        of_the_wrong_kind = RefreshToken.issue(
            user_id=session.user_id,
            session_id=session.pk,
            issued_at=now - timedelta(hours=1),
            expires_at=now - timedelta(minutes=1),
        )
        assert account.me(of_the_wrong_kind).code == "token_invalid"

    def test_says_expired_before_it_says_ended(self, account: Account, session: Session) -> None:
        User.objects.all().delete()
        assert account.me(expired(session, seconds=60)).code == "token_expired"

    def test_refuses_after_the_end_of_the_session(self, account: Account) -> None:
        Session.objects.update(expires_at=timezone.now() - timedelta(milliseconds=1))
        assert account.me().code == "session_revoked"

    def test_refuses_a_session_that_is_not_the_users(
        self, client: ApiClient, account: Account
    ) -> None:
        mine = Session.objects.get()
        other = people.signed_in(client)
        forger = Forger("access", mine)
        theirs = Session.objects.exclude(pk=mine.pk).get()
        assert account.me(forger.with_claims(sid=str(theirs.pk))).code == "session_revoked"
        assert account.me(forger.with_claims(sub=str(theirs.user_id))).code == "session_revoked"
        assert other.me().status == 200

    def test_refuses_a_session_that_never_was(self, account: Account, session: Session) -> None:
        token = Forger("access", session).with_claims(sid=str(uuid4()))
        assert account.me(token).code == "session_revoked"

    def test_costs_no_query_for_a_bad_token(
        self,
        account: Account,
        session: Session,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        with django_assert_num_queries(0):
            account.me("x")
            account.me(account.refresh)
            account.me(expired(session, seconds=60))

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    def test_knows_its_scheme_in_any_case(self, account: Account, scheme: str) -> None:
        headers = {"Authorization": f"{scheme} {account.access}"}
        assert account.client.get("users/me/", headers=headers).status == 200

    def test_grants_a_leeway_of_at_most_five_seconds(
        self, account: Account, session: Session, settings: Settings
    ) -> None:
        assert 0 < settings.JWT_LEEWAY_SECONDS <= 5
        assert account.me(expired(session, seconds=0.5)).status == 200

    def test_grants_the_leeway_to_clocks_that_are_ahead(
        self, account: Account, session: Session
    ) -> None:
        forger = Forger("access", session)
        iat = int(timezone.now().timestamp())
        assert account.me(forger.with_claims(iat=iat + 1)).status == 200
        assert account.me(forger.with_claims(iat=iat + 6)).code == "token_invalid"

    def test_accepts_a_token_of_any_key_of_the_ring(
        self, account: Account, session: Session, settings: Settings
    ) -> None:
        forger = Forger("access", session)
        header, key = forger.header(kid="old"), settings.JWT_KEYS["old"]
        assert account.me(forger.sign(header=header, key=key)).status == 200


class TestForgedToken:
    """Wherever a token is taken, only one of ours is."""

    @staticmethod
    def as_bearer(account: Account, token: str) -> Answer:
        return account.me(token)

    @staticmethod
    def to_refresh(account: Account, token: str) -> Answer:
        return account.spend(token)

    @staticmethod
    def to_log_out(account: Account, token: str) -> Answer:
        return account.client.post("auth/logout/", {"refresh": token})

    @pytest.fixture(autouse=True)
    def _session_survives(self, account: Account, session: Session) -> None:
        """Whatever is tried, the real session is there before, and..."""
        self.before = Session.objects.values().get()

    def survives(self, account: Account) -> bool:
        """...there after, as it was."""
        return account.me().status == 200 and Session.objects.values().get() == self.before

    @pytest.mark.parametrize("forgery", FORGERIES)
    def test_opens_nothing(self, account: Account, session: Session, forgery: str) -> None:
        answer = self.as_bearer(account, FORGERIES[forgery](Forger("access", session)))
        assert (answer.status, answer.code) == (401, "token_invalid")
        assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("forgery", FORGERIES)
    def test_is_not_exchanged(self, account: Account, session: Session, forgery: str) -> None:
        answer = self.to_refresh(account, FORGERIES[forgery](Forger("refresh", session)))
        assert (answer.status, answer.code) == (401, "token_invalid")
        assert self.survives(account)

    @pytest.mark.parametrize("forgery", FORGERIES)
    def test_logs_nobody_out(self, account: Account, session: Session, forgery: str) -> None:
        answer = self.to_log_out(account, FORGERIES[forgery](Forger("refresh", session)))
        assert (answer.status, answer.code) == (401, "token_invalid")
        assert self.survives(account)

    def test_is_not_even_read_when_it_is_longer_than_any(
        self, account: Account, session: Session
    ) -> None:
        token = Forger("refresh", session).with_claims(padding="x" * 8_000)
        for answer in (self.to_refresh(account, token), self.to_log_out(account, token)):
            assert (answer.status, answer.code) == (400, "validation_error")
            assert [*answer.errors] == ["refresh"]
        assert self.as_bearer(account, token).code == "token_invalid"
        assert self.survives(account)

    @pytest.mark.parametrize("exp", [-1, 0, 1])
    def test_of_long_ago_is_expired(self, account: Account, session: Session, exp: int) -> None:
        token = Forger("access", session).with_claims(exp=exp, iat=0)
        assert self.as_bearer(account, token).code == "token_expired"

    def test_with_somebody_elses_session_exchanges_nothing(
        self, client: ApiClient, account: Account, session: Session
    ) -> None:
        other = people.signed_in(client)
        theirs = Session.objects.exclude(pk=session.pk).get()
        forger = Forger("refresh", session)
        for jti in (theirs.refresh_jti, session.refresh_jti, uuid4()):
            token = forger.with_claims(sid=str(theirs.pk), jti=str(jti))
            answer = self.to_refresh(account, token)
            assert (answer.status, answer.code) == (401, "session_revoked")
        assert other.me().status == 200
        assert other.spend().status == 200

    def test_with_somebody_elses_session_logs_nobody_out(
        self, client: ApiClient, account: Account, session: Session
    ) -> None:
        other = people.signed_in(client)
        theirs = Session.objects.exclude(pk=session.pk).get()
        self.to_log_out(account, Forger("refresh", session).with_claims(sid=str(theirs.pk)))
        assert other.me().status == 200

    @pytest.mark.parametrize("kind", ["access", "refresh"])
    def test_would_be_a_good_one_without_its_flaw(
        self, account: Account, session: Session, kind: Kind
    ) -> None:
        token = Forger(kind, session).sign()
        take = self.as_bearer if kind == "access" else self.to_refresh
        assert take(account, token).status == 200
