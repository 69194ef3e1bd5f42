"""``GET /metrics``, and what one process counts; for several see ``test_metrics_together``."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from backend.core import breaker
from backend.core.breaker import Breaker
from backend.core.telemetry import metrics, sampling
from backend.tasks import backlog
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient
from backend.testing.limits import Limits
from backend.testing.races import PATIENCE_SECONDS
from backend.users import passwords
from tests.core.limits.limited import guess, log_in
from tests.project.commands import python
from tests.scraping import PATH, TOKEN, ask, scrape
from tests.service import ROOT

pytestmark = pytest.mark.django_db
LIVE = "/api/v1/health/live/"


@pytest.fixture
def token(settings: Settings) -> str:
    """The service has a token."""
    settings.METRICS_TOKEN = TOKEN
    settings.ROOT_URLCONF = "tests.core.telemetry.metrics_urls"
    return TOKEN


class TestWithoutToken:
    def test_there_is_no_such_page(self, client: ApiClient) -> None:
        for authorization in (None, "Bearer ", f"Bearer {TOKEN}"):
            assert ask(client, authorization).status == 404

    def test_another_host_is_refused_there_as_anywhere(self, client: ApiClient) -> None:
        assert client.get(PATH, headers={"Host": "10.1.2.3:8000"}).status == 400

    def test_nothing_is_counted(self, client: ApiClient, token: str, settings: Settings) -> None:
        before = scrape(client)
        settings.METRICS_TOKEN = ""
        client.get(LIVE)
        with metrics.password_hashes.one_more("under way"):
            settings.METRICS_TOKEN = token
        now = scrape(client)
        assert now.since(before, "http_requests_total", method="GET", route=LIVE, status="200") == 0

    def test_the_library_is_not_even_imported(self) -> None:
        ended = python(
            "-c",
            "import sys, django; django.setup(); import project.wsgi;"
            "print({'prometheus_client', 'sentry_sdk'} & {*sys.modules})",
            folder=ROOT,
            DJANGO_SETTINGS_MODULE="project.settings.testing",
        )
        assert ended.stdout == "set()\n", ended.stderr


@pytest.mark.usefixtures("token")
class TestScrape:
    @pytest.mark.parametrize(
        "authorization",
        [
            None,
            "",
            "Bearer",
            "Bearer ",
            TOKEN,
            f"Basic {TOKEN}",
            f"Bearer {TOKEN[:-1]}",
            f"Bearer {TOKEN}x",
            f"Bearer {TOKEN} {TOKEN}",
            f"Bearer {TOKEN}\0",
            f"Bearer \0{TOKEN}",
            "Bearer ü\xff",
            "Bearer \ud800",
            "Bearer " + "x" * 100_000,
        ],
    )
    def test_is_refused_without_the_token(
        self, client: ApiClient, authorization: str | None
    ) -> None:
        answer = ask(client, authorization)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["cache-control"] == "no-store"
        assert b"backend_" not in answer.body

    def test_is_refused_to_whom_the_api_trusts(self, client: ApiClient, account: Account) -> None:
        assert ask(client, f"Bearer {account.access}").status == 401

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "X"])
    def test_only_reads(self, client: ApiClient, method: str) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert client.call(method, PATH, headers=headers).status == 405

    def test_is_text_that_no_cache_keeps(self, client: ApiClient) -> None:
        answer = ask(client, f"bearer {TOKEN}")
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"

    def test_may_ask_by_any_address(self, client: ApiClient) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}", "Host": "10.1.2.3:8000"}
        assert client.get(PATH, headers=headers).status == 200
        assert client.get(LIVE, headers=headers).status == 400

    def test_is_not_limited(self, client: ApiClient, limits: Limits) -> None:
        limits.set(default=(1, 60))
        assert {ask(client).status for _ in range(3)} == {200}

    def test_tells_what_is_in_the_list_and_nothing_else(
        self, client: ApiClient, account: Account
    ) -> None:
        account.me()
        told = {name.removeprefix("backend_") for name in scrape(client).names}
        listed = {metric.name for metric in metrics.every()}
        parts = {f"{name}{part}" for name in listed for part in ("_bucket", "_sum", "_count")}
        assert told <= listed | parts

    def test_tells_nothing_of_anybody(self, client: ApiClient, account: Account) -> None:
        user_id = account.me().json["id"]
        account.client.get(f"/{account.email}/?token={account.access}")
        account.client.get(f"users/{user_id}/", token=account.access)
        guess(client, account.email)
        text = ask(client).body.decode()
        for private in (account.email, user_id, account.access, "127.0.0.1", TOKEN):
            assert private not in text

    def test_goes_on_without_the_database(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise OperationalError

        assert scrape(client).value("scrape_errors") == 0
        monkeypatch.setattr(backlog, "piles", fail)
        found = scrape(client)
        assert found.value("scrape_errors") == 1
        assert found.value("scheduler_leads") is None
        assert found.value("logins_total", outcome="failed") is not None


@pytest.mark.usefixtures("token")
class TestRequests:
    @pytest.mark.parametrize(
        ("method", "path", "status", "route"),
        [
            ("GET", LIVE, 200, LIVE),
            ("HEAD", LIVE, 200, LIVE),
            ("GET", "users/me/", 401, "/api/v1/users/me/"),
            (
                "GET",
                "users/01a20b6d-f71b-7609-9d37-00be804fe5ee/",
                401,
                "/api/v1/users/{user_id}/",
            ),
            ("GET", "nothing/", 404, "(none)"),
            ("GET", "/\0\n{x}", 404, "(none)"),
            ("GET", "failing/RuntimeError/", 500, "/api/v1/failing/RuntimeError/"),
            ("INVENTED", LIVE, 405, LIVE),
        ],
    )
    def test_are_counted_by_pattern(
        self, client: ApiClient, method: str, path: str, status: int, route: str
    ) -> None:
        before = scrape(client)
        assert client.call(method, path).status == status
        now = scrape(client)
        known = method if method in metrics.METHODS else "(other)"
        labels = {"method": known, "route": route}
        assert now.since(before, "http_requests_total", status=str(status), **labels) == 1
        duration = "http_request_duration_seconds"
        assert now.since(before, f"{duration}_count", **labels) == 1
        assert now.since(before, f"{duration}_bucket", le="+Inf", **labels) == 1
        assert 0 < now.since(before, f"{duration}_sum", **labels) < 10

    def test_cannot_make_labels(self, client: ApiClient) -> None:
        for number in range(20):
            client.call(f"INVENTED{number}", f"/invented/{number}/")
        assert not [value for _, value in scrape(client).labels if "nvented" in value.lower()]


@pytest.mark.usefixtures("token")
class TestSecurityEvents:
    def test_are_told_before_the_first(self, client: ApiClient) -> None:
        found = scrape(client)
        assert found.value("security_events_total", type="refresh_token_reused") is not None
        assert found.value("logins_total", outcome="succeeded") is not None

    def test_are_counted(self, client: ApiClient) -> None:
        account = accounts.register(client)
        before = scrape(client)
        guess(client, account.email)
        account.log_in()
        spent = account.refresh
        account.refresh = account.spend().json["refresh"]
        account.spend()
        assert account.spend(spent).status == 401
        now = scrape(client)
        events = {
            kind: now.since(before, "security_events_total", type=kind)
            for kind in ("login_failed", "login_succeeded", "refresh_token_reused", "registered")
        }
        assert events == {
            "login_failed": 1,
            "login_succeeded": 1,
            "refresh_token_reused": 1,
            "registered": 0,
        }
        assert now.since(before, "logins_total", outcome="succeeded") == 1
        assert now.since(before, "logins_total", outcome="failed") == 1


@pytest.mark.usefixtures("token")
class TestLimits:
    def hits(self, client: ApiClient, act: Callable[[], object]) -> dict[str, float]:
        before = scrape(client)
        act()
        now = scrape(client)
        return {
            outcome: now.since(before, "rate_limit_hits_total", limit="login", outcome=outcome)
            for outcome in ("allowed", "refused", "fallback")
        }

    def test_are_counted_by_outcome(self, client: ApiClient, limits: Limits) -> None:
        limits.set(login=(2, 60))

        def act() -> None:
            for _ in range(3):
                log_in(client)

        assert self.hits(client, act) == {"allowed": 2, "refused": 1, "fallback": 0}

    def test_tell_when_redis_is_away(
        self, client: ApiClient, limits: Limits, settings: Settings
    ) -> None:
        settings.LIMITS_REDIS_URL = "redis://127.0.0.1:1/0"
        limits.set(login=(1, 60))

        def act() -> None:
            for _ in range(2):
                log_in(client)

        assert self.hits(client, act) == {"allowed": 0, "refused": 1, "fallback": 1}

    def test_that_are_lifted_are_not_counted(self, client: ApiClient) -> None:
        hits = self.hits(client, lambda: log_in(client))
        assert hits == {"allowed": 0, "refused": 0, "fallback": 0}


@pytest.mark.usefixtures("token")
class TestProcess:
    def test_tells_which_breakers_are_open(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened = Breaker(retry_after=1.0, name="redis")
        monkeypatch.setattr(breaker, "redis", opened)
        for is_open, change in ((1, opened.failed), (0, opened.succeeded)):
            change()
            sampling.sample()
            assert scrape(client).value("breaker_open", name="redis") == is_open
        assert scrape(client).value("breaker_open", name="database") == 0

    @pytest.mark.postgresql
    def test_tells_of_its_pool(self, client: ApiClient) -> None:
        connection.ensure_connection()
        sampling.sample()
        found = scrape(client)
        assert found.value("database_pool_limit") == 9
        size = found.value("database_pool_size")
        available = found.value("database_pool_available")
        assert size is not None
        assert available is not None
        assert 0 <= available < size <= 9
        assert found.value("database_pool_waiting") == 0

    def test_tells_how_many_passwords_are_hashed(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        began, may_end = Event(), Event()

        def hash_slowly(*_: object) -> str:
            began.set()
            may_end.wait(PATIENCE_SECONDS)
            return "hash"

        monkeypatch.setattr("django.contrib.auth.hashers.make_password", hash_slowly)
        with ThreadPoolExecutor(1) as threads:
            threads.submit(passwords.hash_password, "x")
            assert began.wait(PATIENCE_SECONDS)
            try:
                assert scrape(client).value("password_hashes", stage="under way") == 1
            finally:
                may_end.set()
        assert scrape(client).value("password_hashes", stage="under way") == 0
        assert scrape(client).value("password_hashes", stage="waiting") == 0
