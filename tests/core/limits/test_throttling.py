"""Rate limits: headers, callers, the order of refusals."""

import re
import time
from ipaddress import ip_network

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from backend.core.limits import throttling
from backend.core.limits.throttling import Spent
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient, InProcess
from backend.testing.limits import Limits
from tests.core.limits.limited import FORGED, HEADERS, from_address, guess, limit_of, log_in

pytestmark = pytest.mark.django_db


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
    @pytest.mark.parametrize(
        ("ends_in", "seconds"), [(60.001, 60), (59.2, 60), (1.0, 1), (0.001, 1), (-1, 1)]
    )
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
