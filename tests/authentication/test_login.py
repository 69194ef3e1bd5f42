"""``POST auth/login/``."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient
from backend.users import passwords
from backend.users.models import User
from backend.users.passwords import Argon2idHasher
from tests.authentication.forgery import header_of, payload_of

pytestmark = pytest.mark.django_db

KINDS = ("access", "refresh")
VARYING = {"request_id", "timestamp"}


class WeakerHasher(Argon2idHasher):
    """What the service may have used years ago."""

    memory_cost = 16
    time_cost = 2


@pytest.fixture
def ada(client: ApiClient) -> Account:
    """Somebody who has registered and not logged in."""
    return accounts.register(client, email="ada@example.com")


def log_in(client: ApiClient, **changes: object) -> Answer:
    """Send the form, changed."""
    form = {"email": "ada@example.com", "password": PASSWORD}
    body = {name: value for name, value in {**form, **changes}.items() if value is not ...}
    return client.post("auth/login/", body)


def told(answer: Answer) -> tuple[int, dict[str, Any], dict[str, str]]:
    """All that a caller can tell from an answer, less what differs from call to call."""
    body = {name: text for name, text in answer.json.items() if name not in VARYING}
    headers = {name: text for name, text in answer.headers.items() if name != "x-request-id"}
    return answer.status, body, headers


class TestLogin:
    @pytest.mark.parametrize("field", ["email", "password"])
    @pytest.mark.parametrize("value", [..., None, 7, ["x"], {}])
    def test_wants_text_in_both_fields(self, client: ApiClient, field: str, value: object) -> None:
        answer = log_in(client, **{field: value})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]

    def test_refuses_unknown_fields(self, client: ApiClient, ada: Account) -> None:
        answer = log_in(client, remember=True)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["remember"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"email": "nobody@example.com"},
            {"email": "no address"},
            {"email": ""},
            {"password": "wrong horse battery 9"},
            {"password": PASSWORD.upper()},
            {"password": f"{PASSWORD} "},
            {"password": "x" * 4_000},
        ],
    )
    def test_refuses_unknown_and_wrong_credentials(
        self, client: ApiClient, ada: Account, changes: dict[str, str]
    ) -> None:
        answer = log_in(client, **changes)
        assert (answer.status, answer.code) == (401, "invalid_credentials")
        assert answer.errors == {}
        assert not Session.objects.exists()

    def test_refuses_the_inactive(self, client: ApiClient, ada: Account) -> None:
        User.objects.update(is_active=False)
        answer = log_in(client)
        assert (answer.status, answer.code) == (401, "invalid_credentials")
        assert not Session.objects.exists()

    def test_refuses_those_without_a_password(self, client: ApiClient) -> None:
        encoded = User.objects.create_user("ada@example.com").password
        for password in (encoded, "!", "None", PASSWORD):
            assert log_in(client, password=password).code == "invalid_credentials"

    @pytest.mark.parametrize("encoded", ["", "plain", "md5$salt$hash"])
    def test_refuses_those_whose_hash_is_unreadable(
        self, client: ApiClient, ada: Account, encoded: str
    ) -> None:
        User.objects.update(password=encoded)
        assert log_in(client).code == "invalid_credentials"
        assert log_in(client, password=encoded or "x").code == "invalid_credentials"

    def test_tells_the_unknown_the_wrong_and_the_inactive_alike(
        self, client: ApiClient, ada: Account
    ) -> None:
        unknown = log_in(client, email="nobody@example.com")
        malformed = log_in(client, email="no address")
        wrong = log_in(client, password="wrong horse battery 9")
        User.objects.update(is_active=False)
        inactive = log_in(client)
        inactive_and_wrong = log_in(client, password="wrong horse battery 9")
        first, *others = map(told, (unknown, malformed, wrong, inactive, inactive_and_wrong))
        assert others == [first] * 4

    @pytest.mark.parametrize("case", ["unknown", "malformed", "wrong", "inactive", "unusable"])
    def test_computes_one_hash_for_whomever_it_refuses(
        self, client: ApiClient, ada: Account, case: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        computed: list[str] = []
        for method in ("encode", "verify"):
            monkeypatch.setattr(Argon2idHasher, method, _counting(method, computed))
        if case == "inactive":
            User.objects.update(is_active=False)
        if case == "unusable":
            User.objects.update(password=make_password(None))
            computed.clear()
        addresses = {"unknown": "nobody@example.com", "malformed": "no address"}
        wrong = {"wrong": "wrong horse battery 9"}
        answer = log_in(
            client, email=addresses.get(case, ada.email), password=wrong.get(case, PASSWORD)
        )
        assert answer.code == "invalid_credentials"
        assert len(computed) == 1

    def test_refuses_when_too_many_hashes_are_waiting(
        self,
        client: ApiClient,
        ada: Account,
        settings: Settings,
    ) -> None:
        settings.PASSWORD_HASH_WAIT_SECONDS = 0.01
        with _every_slot_taken():
            answer = log_in(client)
        assert (answer.status, answer.code) == (503, "service_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert log_in(client).status == 200

    def test_answers_a_pair(self, client: ApiClient, ada: Account) -> None:
        answer = log_in(client)
        assert answer.status == 200
        pair = answer.json
        assert pair.keys() == {
            "access",
            "refresh",
            "token_type",
            "expires_in",
            "refresh_expires_in",
        }
        assert pair["token_type"] == "Bearer"
        assert (pair["expires_in"], pair["refresh_expires_in"]) == (900, 604_800)
        assert answer.headers["cache-control"] == "no-store"

    def test_signs_with_the_first_key_and_says_no_more_than_it_must(
        self, client: ApiClient, ada: Account
    ) -> None:
        pair = log_in(client).json
        session = Session.objects.get()
        for kind, lifetime in (("access", 900), ("refresh", 604_800)):
            assert header_of(pair[kind]) == {"alg": "HS256", "typ": "JWT", "kid": "new"}
            claims = payload_of(pair[kind])
            assert claims.keys() == {
                *("iss", "aud", "sub", "sid", "jti", "iat", "exp", "token_type")
            }
            assert claims["token_type"] == kind
            assert claims["exp"] - claims["iat"] == lifetime
            assert (claims["sub"], claims["sid"]) == (str(session.user_id), str(session.pk))
            assert "@" not in json.dumps(claims)

    @pytest.mark.parametrize(
        "email",
        ["ADA@example.com", " ada@EXAMPLE.com ", "ａｄａ@example.com"],  # noqa: RUF001  (the subject)
    )
    def test_knows_the_address_in_any_spelling(
        self, client: ApiClient, ada: Account, email: str
    ) -> None:
        assert log_in(client, email=email).status == 200

    def test_knows_the_password_in_any_normal_form(self, client: ApiClient) -> None:
        composed = "caf\u00e9 cr\u00e8me \uff11\uff12"
        form = {"password": composed, "password_confirm": composed}
        accounts.register(client, email="ada@example.com", **form)
        assert log_in(client, password="cafe\u0301 cre\u0300me 12").status == 200

    def test_opens_one_session_per_login(self, client: ApiClient, ada: Account) -> None:
        pairs = [log_in(client).json for _ in range(3)]
        assert Session.objects.count() == 3
        assert len({pair["refresh"] for pair in pairs}) == 3
        for pair in pairs:
            assert ada.me(pair["access"]).status == 200

    def test_writes_down_where_the_login_came_from(self, client: ApiClient, ada: Account) -> None:
        before = timezone.now()
        ada.log_in(**{"User-Agent": "Firefox/150"})
        session = Session.objects.get()
        assert (session.ip_address, session.user_agent) == ("127.0.0.1", "Firefox/150")
        assert before <= session.created_at <= timezone.now()
        assert session.last_used_at == session.created_at
        assert session.expires_at - session.created_at == timedelta(days=30)
        assert session.refresh_expires_at - session.created_at == timedelta(days=7)

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [("", ""), ("x" * 401, "x" * 400), ("a\x1b[31mb", "a\ufffd[31mb"), ("ü", "ü")],
    )
    def test_keeps_a_harmless_user_agent(
        self, client: ApiClient, ada: Account, sent: str, kept: str
    ) -> None:
        assert ada.log_in(**{"User-Agent": sent}).status == 200
        assert Session.objects.get().user_agent == kept

    def test_never_gives_a_refresh_token_past_the_end_of_its_session(
        self, client: ApiClient, ada: Account, settings: Settings
    ) -> None:
        settings.SESSION_LIFETIME = timedelta(minutes=5)
        pair = log_in(client).json
        assert (pair["expires_in"], pair["refresh_expires_in"]) == (300, 300)
        session = Session.objects.get()
        assert session.refresh_expires_at == session.expires_at
        for kind in ("access", "refresh"):
            assert payload_of(pair[kind])["exp"] == int(session.expires_at.timestamp())

    def test_writes_last_login_and_leaves_updated_at(self, client: ApiClient, ada: Account) -> None:
        before, moment = User.objects.get(), timezone.now()
        log_in(client)
        after = User.objects.get()
        assert before.last_login is None
        assert after.last_login is not None
        assert moment <= after.last_login <= timezone.now()
        assert after.updated_at == before.updated_at
        assert after.password == before.password

    def test_writes_nothing_down_when_it_refuses(self, client: ApiClient, ada: Account) -> None:
        before = User.objects.values().get()
        log_in(client, password="wrong horse battery 9")
        assert User.objects.values().get() == before

    def test_renews_a_hash_with_stale_parameters(self, client: ApiClient, ada: Account) -> None:
        stale = WeakerHasher().encode(PASSWORD, "somesaltofold")
        User.objects.update(password=stale)
        kept = User.objects.get()
        assert log_in(client).status == 200
        renewed = User.objects.get()
        assert "m=8,t=1,p=1" in renewed.password
        assert (renewed.updated_at, renewed.session_epoch) == (kept.updated_at, kept.session_epoch)
        assert log_in(client).status == 200
        assert User.objects.get().password == renewed.password

    def test_renews_no_hash_for_a_wrong_password(self, client: ApiClient, ada: Account) -> None:
        stale = WeakerHasher().encode(PASSWORD, "somesaltofold")
        User.objects.update(password=stale)
        assert log_in(client, password="wrong horse battery 9").status == 401
        assert User.objects.get().password == stale

    def test_ends_no_session_by_renewing_a_hash(self, client: ApiClient, ada: Account) -> None:
        earlier = log_in(client).json
        User.objects.update(password=WeakerHasher().encode(PASSWORD, "somesaltofold"))
        assert log_in(client).status == 200
        assert ada.me(earlier["access"]).status == 200

    def test_stores_nothing_that_could_be_used_as_a_token(
        self, client: ApiClient, ada: Account
    ) -> None:
        pairs = [log_in(client).json]
        pairs.append(ada.spend(pairs[0]["refresh"], **{"Idempotency-Key": "a-key"}).json)
        stored = json.dumps([*Session.objects.values(), *User.objects.values()], default=str)
        assert str(Session.objects.get().pk) in stored
        secrets = {part for pair in pairs for kind in KINDS for part in pair[kind].split(".")[1:]}
        for secret in (*secrets, "a-key", PASSWORD):
            assert secret not in stored

    def test_costs_the_user_and_one_transaction(
        self,
        client: ApiClient,
        ada: Account,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        # The user; a savepoint, last_login, the session, the event, the release.
        with django_assert_num_queries(6):
            assert log_in(client).status == 200

    def test_ignores_an_idempotency_key(self, client: ApiClient, ada: Account) -> None:
        key = {"Idempotency-Key": "again"}
        first, second = ada.log_in(**key), ada.log_in(**key)
        assert first.json["refresh"] != second.json["refresh"]
        assert "idempotent-replayed" not in second.headers


@pytest.mark.django_db(transaction=True)
class TestLoginMeanwhile:
    """What happens to the user while the password is being hashed."""

    def test_refuses_somebody_who_has_been_deleted(
        self, client: ApiClient, ada: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _after_the_check(monkeypatch, lambda: User.objects.all().delete())
        answer = log_in(client)
        assert (answer.status, answer.code) == (401, "invalid_credentials")

    def test_opens_nothing_for_somebody_who_has_been_disabled(
        self, client: ApiClient, ada: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def disable_and_enable() -> None:
            user = User.objects.get()
            for user.is_active in (False, True):
                user.save()

        _after_the_check(monkeypatch, disable_and_enable)
        answer = log_in(client)
        if answer.status == 200:
            assert ada.me(answer.json["access"]).code == "session_revoked"

    def test_opens_nothing_with_a_password_that_has_been_changed(
        self, client: ApiClient, ada: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        changed: list[str] = []

        def change() -> None:
            user = User.objects.get()
            user.set_password("another horse battery 9")
            user.save()
            changed.append(user.password)

        User.objects.update(password=WeakerHasher().encode(PASSWORD, "somesaltofold"))
        _after_the_check(monkeypatch, change)
        answer = log_in(client)
        if answer.status == 200:
            assert ada.me(answer.json["access"]).code == "session_revoked"
        assert User.objects.get().password == changed[0]

    def test_lets_two_in_whose_stale_hash_is_renewed_at_once(
        self, client: ApiClient, ada: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        User.objects.update(password=WeakerHasher().encode(PASSWORD, "somesaltofold"))
        others: list[Answer] = []
        _after_the_check(monkeypatch, lambda: others.append(log_in(client)))
        for answer in (log_in(client), *others):
            assert ada.me(answer.json["access"]).status == 200
        assert len(others) == 1


def _after_the_check(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen between the check of a password and what follows, once."""
    verify = passwords.verify

    def verify_then_act(password: str, encoded: str | None) -> passwords.Verdict:
        monkeypatch.undo()
        verdict = verify(password, encoded)
        act()
        return verdict

    monkeypatch.setattr(passwords, "verify", verify_then_act)


def _counting(method: str, computed: list[str]) -> Any:
    original = getattr(Argon2idHasher, method)

    def counted(self: Argon2idHasher, *args: Any, **kwargs: Any) -> Any:
        computed.append(method)
        before = len(computed)
        result = original(self, *args, **kwargs)
        del computed[before:]  # verify() may encode: that is the same hash
        return result

    return counted


@contextmanager
def _every_slot_taken() -> Iterator[None]:
    taken = 0
    while passwords._slots.acquire(blocking=False):
        taken += 1
    try:
        yield
    finally:
        for _ in range(taken):
            passwords._slots.release()
