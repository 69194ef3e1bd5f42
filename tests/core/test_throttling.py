"""Rate limits: who is counted, against what, in which order, and what the answers tell of it."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_network
from itertools import count
from threading import Barrier

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries, Settings

from backend.core import throttling
from backend.core.throttling import Spent, Throttled
from backend.users import passwords
from backend.users.errors import TooBusyToHash
from tests import accounts
from tests.accounts import PASSWORD, Account
from tests.client import Answer, ApiClient, InProcess
from tests.limits import Limits
from tests.service import Service, running

pytestmark = pytest.mark.django_db

NEW = "another horse battery 9"
HEADERS = {"ratelimit", "ratelimit-policy"}
FORGED = ["203.0.113.9", "203.0.113.9, 198.51.100.1", "127.0.0.1", "::1", "x", ""]


def from_address(address: str, **headers: str) -> InProcess:
    """A caller from an address."""
    client = InProcess()
    client.django.defaults["REMOTE_ADDR"] = address
    for name, value in headers.items():
        client.django.defaults[f"HTTP_{name.upper()}"] = value
    return client


@pytest.fixture
def elsewhere() -> InProcess:
    """A caller from another address."""
    return from_address("192.0.2.7")


@pytest.fixture
def ada(client: ApiClient) -> Account:
    """Somebody who has registered and not logged in."""
    return accounts.register(client, email="ada@example.com")


def log_in(client: ApiClient, password: str = PASSWORD, email: str = "ada@example.com") -> Answer:
    return client.post("auth/login/", {"email": email, "password": password})


def guess(client: ApiClient, email: str = "ada@example.com") -> Answer:
    """Try a wrong password."""
    return log_in(client, "wrong horse battery 9", email)


def change_password(account: Account, current: str) -> Answer:
    body = {"current_password": current, "new_password": NEW, "new_password_confirm": NEW}
    return account.client.post("auth/password/change/", body, token=account.access)


def limit_of(answer: Answer) -> tuple[str, int, int, int, int]:
    """What the two headers say: name, quota, window, remaining, seconds."""
    policy = re.fullmatch(r'"(\w+)";q=(\d+);w=(\d+)', answer.headers["ratelimit-policy"])
    state = re.fullmatch(r'"(\w+)";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert policy, answer.headers
    assert state, answer.headers
    assert policy[1] == state[1]
    return policy[1], int(policy[2]), int(policy[3]), int(state[2]), int(state[3])


class TestHeaders:
    def test_are_not_there_where_nothing_is_limited(
        self, client: ApiClient, limits: Limits
    ) -> None:
        limits.set(login=(2, 60))
        for path in ("health/live/", "schema/", "docs/", "nothing/", "users/me/"):
            assert not HEADERS & client.get(path).headers.keys()
        assert not HEADERS & client.call("OPTIONS", "auth/login/").headers.keys()
        assert not HEADERS & client.get("auth/login/").headers.keys()

    def test_are_not_there_when_the_limit_is_lifted(
        self, client: ApiClient, ada: Account, limits: Limits
    ) -> None:
        limits.set(login=None, login_failures=None)
        for _ in range(30):
            assert not HEADERS & guess(client).headers.keys()

    def test_tell_the_limit_and_what_is_left(
        self, client: ApiClient, ada: Account, limits: Limits
    ) -> None:
        limits.set(login=(20, 60))
        for left in (19, 18, 17):
            name, quota, window, remaining, seconds = limit_of(log_in(client))
            assert (name, quota, window, remaining) == ("login", 20, 60, left)
            assert 50 <= seconds <= 60

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("auth/register/", "register"),
            ("auth/login/", "login"),
            ("auth/refresh/", "default"),
            ("auth/logout/", "default"),
            ("auth/logout/all/", "default"),
        ],
    )
    def test_name_the_group_of_the_operation(
        self, client: ApiClient, limits: Limits, path: str, name: str
    ) -> None:
        limits.set(login=(20, 60), register=(20, 60), default=(20, 60))
        assert limit_of(client.post(path, {}))[0] == name

    def test_are_there_whatever_is_answered(self, account: Account, limits: Limits) -> None:
        limits.set(default=(50, 60))
        client, token = account.client, account.access
        text = {"Content-Type": "text/plain"}
        answers = [
            account.me(),
            client.get("users/me/"),
            client.get("users/", token=token),
            client.get("users/01a20b6d-f71b-7609-9d37-00be804fe5ee/", token=token),
            client.patch("users/me/", {"x": 1}, token=token),
            client.patch("users/me/", b"{", token=token),
            client.call("PATCH", "users/me/", body=b"{}", token=token, headers=text),
            client.call("HEAD", "users/me/", token=token),
            client.post("auth/logout/", token=token),
        ]
        statuses = [answer.status for answer in answers]
        assert statuses == [200, 401, 403, 404, 400, 400, 415, 200, 204]
        for answer in answers:
            assert limit_of(answer)[:3] == ("default", 50, 60)

    def test_tell_of_the_tightest_by_its_share_and_not_by_its_number(
        self, client: ApiClient, ada: Account, limits: Limits
    ) -> None:
        limits.set(login=(10, 60), login_failures=(40, 300))
        assert limit_of(guess(client))[:4] == ("login", 10, 60, 9)  # 90 % against 97.5 %
        limits.set(login=(1000, 60), login_failures=(5, 300))
        assert limit_of(guess(client, "b@example.com"))[:4] == ("login_failures", 5, 300, 4)

    def test_tell_what_is_left_after_a_success_gave_its_count_back(
        self, client: ApiClient, ada: Account, limits: Limits
    ) -> None:
        limits.set(login_failures=(5, 300))
        assert limit_of(guess(client))[3] == 4
        assert limit_of(log_in(client))[3] == 4
        assert limit_of(guess(client))[3] == 3

    def test_of_a_refusal_say_when_to_come_back(self, client: ApiClient, limits: Limits) -> None:
        limits.set(login=(1, 60))
        client.post("auth/login/", {})
        answer = client.post("auth/login/", {})
        assert (answer.status, answer.code) == (429, "throttled")
        assert answer.errors == {}
        name, quota, window, remaining, seconds = limit_of(answer)
        assert (name, quota, window, remaining) == ("login", 1, 60, 0)
        assert answer.headers["retry-after"] == str(seconds)
        assert 50 <= seconds <= 60

    def test_promise_no_moment_that_is_too_early(self, client: ApiClient, limits: Limits) -> None:
        limits.set(login=(1, 2))
        client.post("auth/login/", {})
        refused = client.post("auth/login/", {})
        assert refused.status == 429
        promised = min(int(refused.headers["retry-after"]), 3)
        time.sleep(promised)
        assert client.post("auth/login/", {}).status == 400


class TestSpent:
    @pytest.mark.parametrize(("ends_in", "seconds"), [(59.2, 60), (1.0, 1), (0.001, 1), (-1, 1)])
    def test_rounds_up_to_a_second_at_least(self, ends_in: float, seconds: int) -> None:
        spent = Spent("login", 20, 60, 19, ends_in)
        assert spent.headers == {
            "RateLimit-Policy": '"login";q=20;w=60',
            "RateLimit": f'"login";r=19;t={seconds}',
        }

    def test_of_nothing_gives_no_header(self) -> None:
        assert throttling.headers({}) == {}


class TestCaller:
    """Whose requests are counted together."""

    def test_who_is_anonymous_is_an_address(
        self, client: ApiClient, elsewhere: InProcess, limits: Limits
    ) -> None:
        limits.set(default=(2, 60))
        assert [client.get("users/me/").status for _ in range(3)] == [401, 401, 429]
        assert elsewhere.get("users/me/").status == 401

    def test_who_is_known_is_a_user_from_wherever(
        self, client: ApiClient, elsewhere: InProcess, limits: Limits
    ) -> None:
        first, second = accounts.signed_in(client), accounts.signed_in(client)
        limits.set(default=(2, 60))
        assert [first.me().status for _ in range(3)] == [200, 200, 429]
        assert elsewhere.get("users/me/", token=first.access).status == 429
        assert [second.me().status for _ in range(3)] == [200, 200, 429]
        assert client.get("users/me/").status == 401  # nor is the address used up

    def test_who_is_known_is_one_user_in_all_their_sessions(
        self, account: Account, limits: Limits
    ) -> None:
        other = Account(account.client, account.email)
        other.log_in()
        limits.set(default=(2, 60))
        assert [account.me().status, other.me().status, account.me().status] == [200, 200, 429]

    def test_who_sends_a_bad_token_is_an_address(
        self, client: ApiClient, account: Account, limits: Limits
    ) -> None:
        limits.set(default=(3, 60))
        header, payload, _ = account.access.split(".")
        tokens = ["x", f"{header}.{payload}.forged", account.refresh, "y"]
        assert [client.get("users/me/", token=t).status for t in tokens] == [401, 401, 401, 429]
        assert account.me().status == 200

    def test_who_logs_in_is_an_address_whatever_token_comes_along(
        self, client: ApiClient, elsewhere: InProcess, account: Account, limits: Limits
    ) -> None:
        limits.set(login=(2, 60))
        tokens = [account.access, None, account.access]
        found = [client.post("auth/login/", {}, token=token).status for token in tokens]
        assert found == [400, 400, 429]
        assert elsewhere.post("auth/login/", {}).status == 400

    def test_is_counted_in_each_group_for_itself(self, client: ApiClient, limits: Limits) -> None:
        limits.set(login=(1, 60), register=(1, 60), default=(1, 60))
        for path in ("auth/login/", "auth/register/", "auth/refresh/"):
            assert [client.post(path, {}).status for _ in range(2)] == [400, 429]

    @pytest.mark.parametrize("forwarded", FORGED)
    def test_changes_nothing_by_a_forged_address(
        self, client: ApiClient, elsewhere: InProcess, limits: Limits, forwarded: str
    ) -> None:
        limits.set(login=(2, 60))
        found = [
            client.post("auth/login/", {}, headers={"X-Forwarded-For": f"10.0.0.{n}, {forwarded}"})
            for n in range(3)
        ]
        assert [answer.status for answer in found] == [400, 400, 429]
        assert client.post("auth/login/", {}, headers={"Forwarded": "for=1.2.3.4"}).status == 429
        assert client.post("auth/login/", {}, headers={"X-Real-IP": "1.2.3.4"}).status == 429
        assert elsewhere.post("auth/login/", {}).status == 400

    def test_is_whom_a_trusted_proxy_names(
        self, client: ApiClient, elsewhere: InProcess, limits: Limits, settings: Settings
    ) -> None:
        settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8")]
        limits.set(login=(2, 60))

        def ask(caller: ApiClient, forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            return caller.post("auth/login/", {}, headers=headers).status

        assert [ask(client, "203.0.113.9") for _ in range(3)] == [400, 400, 429]
        assert ask(client, "203.0.113.8") == 400
        assert ask(client, "198.51.100.1, 203.0.113.9") == 429  # what the client itself claims
        assert ask(client, "203.0.113.9, 10.1.2.3") == 429  # behind two proxies
        assert ask(elsewhere, "203.0.113.9") == 400  # no proxy of ours: another client
        assert client.post("auth/login/", {}).status == 400  # the proxy itself

    def test_is_the_same_in_both_spellings_of_its_address(self, limits: Limits) -> None:
        limits.set(login=(1, 60))
        assert from_address("192.0.2.7").post("auth/login/", {}).status == 400
        assert from_address("::ffff:192.0.2.7").post("auth/login/", {}).status == 429
        assert from_address("2001:db8::1").post("auth/login/", {}).status == 400
        assert from_address("2001:0DB8:0::1").post("auth/login/", {}).status == 429

    def test_is_not_written_into_keys(self, client: ApiClient, limits: Limits) -> None:
        key = throttling._digest(("ada@example.com", "127.0.0.1"))
        assert re.fullmatch(r"[0-9a-f]{32}", key)
        assert key != throttling._digest(("ada@example.com127.0.0.1", ""))


class TestOrder:
    """404 path, 405, 411/413, 429, 401, 403, 415, 400."""

    @pytest.fixture(autouse=True)
    def _used_up(self, client: ApiClient, limits: Limits) -> None:
        limits.set(login=(1, 60), default=(1, 60))
        assert client.post("auth/login/", {}).status == 400
        assert client.get("users/me/").status == 401

    def test_puts_the_path_and_the_method_before_it(self, client: ApiClient) -> None:
        assert client.post("auth/nothing/", {}).status == 404
        assert client.get("users/x/").status == 404
        assert client.get("auth/login/").status == 405
        assert client.call("OPTIONS", "auth/login/").status == 204

    def test_puts_the_size_of_the_body_before_it(
        self, client: ApiClient, settings: Settings
    ) -> None:
        settings.MAX_BODY_BYTES = 10
        assert client.post("auth/login/", b"{}" + b" " * 9).status == 413
        chunked = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
        assert client.call("POST", "auth/login/", body=b"", headers=chunked).status == 411

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"x": 1}'])
    def test_puts_type_and_content_behind_it(self, client: ApiClient, body: bytes) -> None:
        for kind in ("application/json", "text/plain"):
            headers = {"Content-Type": kind}
            answer = client.call("POST", "auth/login/", body=body, headers=headers)
            assert answer.status == 429

    @pytest.mark.parametrize("path", ["users/me/", "users/", "auth/sessions/"])
    def test_puts_the_token_behind_it(self, client: ApiClient, path: str) -> None:
        assert client.get(path).status == 429
        assert client.get(path, token="x").status == 429

    def test_counts_nothing_that_was_refused_before_it(
        self, client: ApiClient, elsewhere: InProcess, settings: Settings
    ) -> None:
        settings.MAX_BODY_BYTES = 10
        for _ in range(3):
            elsewhere.get("auth/login/")
            elsewhere.post("auth/login/", b"{}" + b" " * 9)
            elsewhere.call("OPTIONS", "auth/login/")
        assert elsewhere.post("auth/login/", {}).status == 400

    def test_asks_the_database_nothing(
        self, client: ApiClient, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            assert client.get("users/me/").status == 429
            assert log_in(client).status == 429

    def test_exempts_health_and_documents(self, client: ApiClient) -> None:
        for _ in range(5):
            for path in ("health/", "health/live/", "health/ready/", "schema/", "docs/", "redoc/"):
                assert client.get(path).status == 200


class TestLoginFailures:
    @pytest.fixture(autouse=True)
    def _three(self, limits: Limits, ada: Account) -> None:
        limits.set(login_failures=(3, 300))

    def test_are_counted_until_even_the_right_password_is_refused(self, client: ApiClient) -> None:
        found = [guess(client) for _ in range(5)]
        assert [answer.status for answer in found] == [401, 401, 401, 429, 429]
        refused = log_in(client)
        assert (refused.status, refused.code) == (429, "throttled")
        assert 0 < int(refused.headers["retry-after"]) <= 300

    def test_are_refused_before_a_hash_is_computed(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            guess(client)
        monkeypatch.setattr(passwords, "verify", lambda *_: pytest.fail("a hash was computed"))
        assert guess(client).status == 429

    @pytest.mark.parametrize("email", ["nobody@example.com", "no address", ""])
    def test_of_accounts_that_do_not_exist_are_counted_alike(
        self, client: ApiClient, email: str
    ) -> None:
        assert [guess(client, email).status for _ in range(4)] == [401, 401, 401, 429]
        assert log_in(client).status == 200

    @pytest.mark.parametrize("email", ["ADA@example.com", " ada@EXAMPLE.COM", "ａｄａ@example.com"])  # noqa: RUF001  (the subject)
    def test_are_counted_together_in_every_spelling(self, client: ApiClient, email: str) -> None:
        found = [guess(client, spelling).status for spelling in ("ada@example.com", email, email)]
        assert found == [401, 401, 401]
        assert log_in(client).status == 429

    def test_lock_nobody_out_from_another_address(
        self, client: ApiClient, elsewhere: InProcess
    ) -> None:
        for _ in range(9):
            guess(client)
        assert log_in(elsewhere).status == 200
        assert log_in(client).status == 429

    @pytest.mark.parametrize("forwarded", FORGED)
    def test_are_not_escaped_by_a_forged_address(self, client: ApiClient, forwarded: str) -> None:
        headers = {"X-Forwarded-For": forwarded}
        body = {"email": "ada@example.com", "password": "wrong horse battery 9"}
        found = [client.post("auth/login/", body, headers=headers).status for _ in range(4)]
        assert found == [401, 401, 401, 429]

    def test_of_one_account_leave_the_others_alone(self, client: ApiClient) -> None:
        other = accounts.register(client)
        for _ in range(4):
            guess(client)
        assert other.log_in().status == 200

    def test_are_not_successes(self, client: ApiClient) -> None:
        for _ in range(7):
            assert log_in(client).status == 200

    def test_are_not_forgotten_by_a_success(self, client: ApiClient) -> None:
        found = [guess(client).status, log_in(client).status, guess(client).status]
        found += [log_in(client).status, guess(client).status, guess(client).status]
        assert found == [401, 200, 401, 200, 401, 429]

    @pytest.mark.parametrize("body", [b"{", b"{}", b'{"email": "ada@example.com"}', b"[]"])
    def test_are_not_malformed_requests(self, client: ApiClient, body: bytes) -> None:
        for _ in range(5):
            assert client.post("auth/login/", body).status == 400
        assert log_in(client).status == 200

    def test_are_over_with_their_window(self, client: ApiClient, limits: Limits) -> None:
        limits.set(login_failures=(1, 1))
        assert [guess(client).status, guess(client).status] == [401, 429]
        time.sleep(1.05)
        assert log_in(client).status == 200

    @pytest.mark.parametrize("error", [TooBusyToHash(), OperationalError("away")])
    def test_are_not_what_the_service_could_not_decide(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        def fail(*_: object) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(passwords, "verify", fail)
            for _ in range(5):
                answer = log_in(client)
                assert (answer.status, answer.code) == (503, "service_unavailable")
        assert log_in(client).status == 200

    def test_are_wrong_current_passwords_too(self, client: ApiClient, ada: Account) -> None:
        ada.log_in()
        assert [change_password(ada, "wrong").status for _ in range(4)] == [400, 400, 400, 429]
        assert change_password(ada, PASSWORD).status == 429
        assert log_in(client).status == 429
        assert ada.me().status == 200

    def test_at_the_login_keep_the_password_from_being_changed(
        self, client: ApiClient, elsewhere: InProcess, ada: Account
    ) -> None:
        ada.log_in()
        for _ in range(3):
            guess(client)
        assert change_password(ada, PASSWORD).status == 429
        ada.client = elsewhere
        assert change_password(ada, PASSWORD).status == 204

    def test_are_not_changes_that_succeed_or_have_another_fault(
        self, client: ApiClient, ada: Account
    ) -> None:
        ada.log_in()
        weak = {"current_password": PASSWORD, "new_password": "x", "new_password_confirm": "x"}
        for _ in range(4):
            answer = client.post("auth/password/change/", weak, token=ada.access)
            assert answer.status == 400
        current, new = PASSWORD, NEW
        for _ in range(4):
            body = {"current_password": current, "new_password": new, "new_password_confirm": new}
            assert client.post("auth/password/change/", body, token=ada.access).status == 204
            current, new = new, current


class TestAttempt:
    def test_gives_back_once(self, limits: Limits) -> None:
        limits.set(login_failures=(2, 60))
        for _ in range(5):
            with throttling.attempt("login_failures", "a"):
                pass
        for _ in range(2):
            with suppress(ValueError), throttling.attempt("login_failures", "a"):
                raise ValueError
        with pytest.raises(Throttled), throttling.attempt("login_failures", "a"):
            pytest.fail("let through")

    def test_gives_nothing_back_to_a_window_that_is_not_its_own(self, limits: Limits) -> None:
        limits.set(login_failures=(2, 1))
        with throttling.attempt("login_failures", "a"):
            time.sleep(1.05)
            with suppress(ValueError), throttling.attempt("login_failures", "a"):
                raise ValueError
        with suppress(ValueError), throttling.attempt("login_failures", "a"):
            raise ValueError
        with pytest.raises(Throttled), throttling.attempt("login_failures", "a"):
            pytest.fail("let through")

    def test_that_is_refused_gives_nothing_back(self, limits: Limits) -> None:
        limits.set(login_failures=(1, 60))
        with suppress(ValueError), throttling.attempt("login_failures", "a"):
            raise ValueError
        for _ in range(3):
            with pytest.raises(Throttled), throttling.attempt("login_failures", "a"):
                pytest.fail("let through")

    def test_is_not_mistaken_for_that_of_somebody_whose_name_continues(
        self, limits: Limits
    ) -> None:
        limits.set(login_failures=(1, 60))
        for caller in (("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")):
            with suppress(ValueError), throttling.attempt("login_failures", *caller):
                raise ValueError


class TestWithoutRedis:
    """A server that refuses connections: nothing waits, accounts stay protected."""

    @pytest.fixture(autouse=True)
    def _away(self, limits: Limits, settings: Settings) -> None:
        settings.LIMITS_REDIS_URL = "redis://127.0.0.1:1/0"

    def test_auth_routes_are_limited_by_the_process(
        self, client: ApiClient, limits: Limits
    ) -> None:
        limits.set(login=(2, 60), default=(2, 60))
        for path in ("auth/login/", "auth/refresh/"):
            assert [client.post(path, {}).status for _ in range(3)] == [400, 400, 429]

    def test_guesses_are_limited_by_the_process(
        self, client: ApiClient, ada: Account, limits: Limits
    ) -> None:
        limits.set(login_failures=(2, 60))
        assert [log_in(client).status for _ in range(3)] == [200] * 3
        assert [guess(client).status for _ in range(3)] == [401, 401, 429]
        assert log_in(client).status == 429

    def test_the_rest_goes_on_without_a_limit_and_says_so(
        self, account: Account, limits: Limits
    ) -> None:
        limits.set(default=(2, 60))
        for _ in range(6):
            answer = account.me()
            assert answer.status == 200
            assert not HEADERS & answer.headers.keys()

    def test_nobody_waits(self, account: Account, limits: Limits) -> None:
        limits.set(default=(2, 60))
        account.me()
        started = time.perf_counter()
        for _ in range(20):
            account.me()
        assert time.perf_counter() - started < 1.0


QUOTA = 20


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(
        RATE_LIMIT_LOGIN=f"{QUOTA}/min",
        RATE_LIMIT_LOGIN_FAILURES="5/5min",
        TRUSTED_PROXIES="127.0.0.1",
        GUNICORN_WORKERS="2",
    ) as started:
        yield started


@pytest.mark.postgresql
class TestOverTheWire:
    """Two processes, one count."""

    CROWD = 100
    _addresses = count(1)

    def crowd(self, service: Service, call: Callable[[ApiClient, str], int]) -> Sequence[int]:
        """What a hundred callers from one new address are answered, all at once.

        A worker that had to wait for a core longer than Redis may take counts for itself for a
        second, as it should. That is not the subject, so such a round does not count.
        """
        for _ in range(4):
            seen = len(service.lines())
            address = f"198.51.100.{next(self._addresses)}"
            gate = Barrier(self.CROWD)

            def run(_: int, address: str = address, gate: Barrier = gate) -> int:
                client = service.client()
                gate.wait(20)
                try:
                    return call(client, address)
                finally:
                    client.session.close()

            with ThreadPoolExecutor(self.CROWD) as threads:
                found = [*threads.map(run, range(self.CROWD))]
            if not any("redis is away" in line for line in service.lines()[seen:]):
                return found
            time.sleep(1.5)
        pytest.fail("this machine is too busy to ask Redis in time")

    def test_lets_exactly_the_limit_through(self, service: Service) -> None:
        def call(client: ApiClient, address: str) -> int:
            headers = {"X-Forwarded-For": address}
            return client.post("auth/login/", {}, headers=headers).status

        found = self.crowd(service, call)
        assert found.count(400) == QUOTA
        assert found.count(429) == self.CROWD - QUOTA

    def test_lets_exactly_so_many_guesses_through(self, service: Service) -> None:
        email = accounts.register(service.client()).email

        def call(client: ApiClient, address: str) -> int:
            body = {"email": email, "password": "wrong horse battery 9"}
            return client.post("auth/login/", body, headers={"X-Forwarded-For": address}).status

        found = self.crowd(service, call)
        assert found.count(401) == 5
        assert found.count(429) == self.CROWD - 5

    def test_tells_one_caller_a_number_that_only_falls(self, service: Service) -> None:
        headers = {"X-Forwarded-For": f"198.51.100.{next(self._addresses)}"}
        left = []
        for _ in range(6):  # connections of their own, so that both workers answer
            answer = service.client().post("auth/login/", {}, headers=headers)
            left.append(limit_of(answer)[3])
        assert left == [*range(QUOTA - 1, QUOTA - 7, -1)]

    def test_writes_an_access_line_of_a_refusal(self, service: Service) -> None:
        headers = {"X-Forwarded-For": f"198.51.100.{next(self._addresses)}"}
        client = service.client()
        answers = [client.post("auth/login/", {}, headers=headers) for _ in range(QUOTA + 5)]
        refused = next(answer for answer in answers if answer.status == 429)
        lines = [json.loads(line) for line in service.lines()]
        (line,) = (line for line in lines if line.get("request_id") == refused.json["request_id"])
        assert (line["status"], line["route"]) == (429, "/api/v1/auth/login/")
        assert line["client"] == headers["X-Forwarded-For"]
