import json
from uuid import UUID

import pytest
from pytest_django import Settings

from backend.core.context import request_id
from backend.health import services as health_services
from backend.testing.accounts import Account
from backend.testing.client import ApiClient
from tests.conftest import Lines
from tests.core.http.failing_urls import FAILURES, SECRET

LIVE = "health/live/"


class TestRequestId:
    @pytest.mark.parametrize("own", ["a", "A-z.0_9", "x" * 128])
    def test_of_the_caller_is_kept(self, client: ApiClient, own: str) -> None:
        assert client.get(LIVE, headers={"X-Request-ID": own}).headers["x-request-id"] == own

    @pytest.mark.parametrize("own", ["", "a b", "x" * 129, "ü", "a\x1b[0m", "a;b", '"a"'])
    def test_is_replaced_if_it_could_do_harm(self, client: ApiClient, own: str) -> None:
        answer = client.get(LIVE, headers={"X-Request-ID": own})
        assert UUID(answer.headers["x-request-id"]).version == 7

    def test_is_new_for_each_request(self, client: ApiClient) -> None:
        assert len({client.get(LIVE).headers["x-request-id"] for _ in range(10)}) == 10

    def test_is_the_same_in_header_envelope_and_line(
        self, client: ApiClient, log_lines: Lines
    ) -> None:
        answer = client.get("nothing/", headers={"X-Request-ID": "the-id"})
        assert answer.headers["x-request-id"] == answer.json["request_id"] == "the-id"
        assert [line["request_id"] for line in log_lines()] == ["the-id"]

    @pytest.mark.parametrize(
        "path", ["/api/v1/docs/", "/api/v1/health/live", "/nothing/", "/admin/login/", "/"]
    )
    @pytest.mark.django_db
    def test_is_on_every_answer(self, client: ApiClient, path: str) -> None:
        assert client.get(path, headers={"X-Request-ID": "the-id"}).headers["x-request-id"] == (
            "the-id"
        )

    def test_ends_with_its_request(self, client: ApiClient) -> None:
        client.get(LIVE)
        assert request_id.get() == ""


class TestAccessLine:
    def test_tells_of_the_request(self, client: ApiClient, log_lines: Lines) -> None:
        client.get(LIVE)
        (line,) = log_lines()
        assert line["level"] == "INFO"
        assert line["logger"] == "backend.access"
        assert (line["method"], line["route"], line["status"]) == (
            "GET",
            "/api/v1/health/live/",
            200,
        )
        assert line["duration_ms"] >= 0
        assert (line["user_id"], line["client"]) == (None, "127.0.0.1")

    def test_names_the_user(self, account: Account, log_lines: Lines) -> None:
        user_id = account.me().json["id"]
        assert [line["user_id"] for line in log_lines()] == [user_id]

    def test_names_the_route_and_never_the_path(self, account: Account, log_lines: Lines) -> None:
        planted = "01a20b6d-f71b-7609-9d37-00be804fe5ee"
        account.client.delete(f"auth/sessions/{planted}/?token={SECRET}", token=account.access)
        account.client.get(f"/api/v1/{SECRET}/")
        lines = log_lines()
        assert [line["route"] for line in lines] == [
            "/api/v1/auth/sessions/{session_id}/",
            "(none)",
        ]
        assert planted not in str(lines)
        assert SECRET not in str(lines)
        assert account.access not in str(lines)

    def test_is_a_warning_when_slow(
        self, client: ApiClient, log_lines: Lines, settings: Settings
    ) -> None:
        settings.SLOW_REQUEST_MS = 0
        client.get(LIVE)
        (line,) = log_lines()
        assert (line["level"], line["message"]) == ("WARNING", "slow request")

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
    def test_is_one_whatever_happens(
        self, client: ApiClient, log_lines: Lines, method: str
    ) -> None:
        for path in (LIVE, "health/live", "nothing/", "users/me/"):
            client.call(method, path)
        lines = log_lines()
        assert [line["method"] for line in lines] == [method] * 4

    def test_is_one_beside_the_failure(
        self, client: ApiClient, log_lines: Lines, settings: Settings
    ) -> None:
        settings.ROOT_URLCONF = "tests.core.http.failing_urls"
        client.get("failing/RuntimeError/", headers={"X-Request-ID": "the-id"})
        lines = log_lines()
        assert [line["request_id"] for line in lines] == ["the-id"] * len(lines)
        assert lines[-1]["status"] == 500
        assert any("RuntimeError" in line.get("exception", "") for line in lines)


class TestEnvelope:
    """Of failures that Django itself turns into pages."""

    @pytest.fixture(autouse=True)
    def _failing(self, settings: Settings) -> None:
        settings.ROOT_URLCONF = "tests.core.http.failing_urls"

    @pytest.mark.parametrize("debug", [True, False], ids=["debug", "production"])
    @pytest.mark.parametrize(("name", "status"), FAILURES.items())
    def test_stands_for_the_page(
        self, client: ApiClient, settings: Settings, name: str, status: int, debug: bool
    ) -> None:
        settings.DEBUG = debug
        answer = client.get(f"failing/{name}/", headers={"Accept": "text/html"})
        assert answer.status == answer.json["status_code"] == status
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert SECRET.encode() not in answer.body
        assert name.encode() not in answer.body
        assert b"failing" not in answer.body

    @pytest.mark.parametrize("debug", [True, False], ids=["debug", "production"])
    def test_stands_for_a_path_that_is_not_there(
        self, client: ApiClient, settings: Settings, debug: bool
    ) -> None:
        settings.DEBUG = debug
        for method in ("GET", "POST", "PATCH", "DELETE"):
            answer = client.call(method, "nothing/at/all/")
            assert (answer.status, answer.code) == (404, "not_found")

    @pytest.mark.parametrize("debug", [True, False], ids=["debug", "production"])
    def test_stands_for_a_host_that_is_not_ours(
        self, client: ApiClient, settings: Settings, debug: bool
    ) -> None:
        settings.DEBUG = debug
        for host in ("evil.example", "a b", "[::1", "testserver:x", "testserver.evil.example"):
            answer = client.get("failing/fine/", headers={"Host": host})
            assert (answer.status, answer.code) == (400, "bad_request")
            assert host.encode() not in answer.body

    def test_keeps_what_is_allowed(self, client: ApiClient) -> None:
        answer = client.get("failing/not_allowed/")
        assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PUT"

    def test_says_how_long_it_is(self, client: ApiClient) -> None:
        answer = client.get("failing/Http404/")
        assert answer.headers["content-length"] == str(len(answer.body))

    def test_keeps_the_cross_origin_headers(self, client: ApiClient) -> None:
        answer = client.get("failing/RuntimeError/", headers={"Origin": "https://app.example.com"})
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"

    def test_leaves_pages_outside_the_api_alone(self, client: ApiClient) -> None:
        answer = client.get("/nothing/")
        assert answer.status == 404
        assert answer.headers["content-type"].startswith("text/html")

    def test_leaves_what_succeeds_alone(self, client: ApiClient) -> None:
        assert client.get("failing/fine/").body == b"fine"


class TestSecrets:
    def test_of_a_request_are_in_no_line(
        self, client: ApiClient, log_lines: Lines, settings: Settings
    ) -> None:
        settings.ROOT_URLCONF = "tests.core.http.failing_urls"
        client.post(
            f"failing/UnicodeEncodeError/?token={SECRET}",
            {"password": SECRET, "refresh": SECRET},
            token=SECRET,
            headers={"Cookie": f"sessionid={SECRET}", "Idempotency-Key": SECRET},
        )
        lines = log_lines()
        assert len(lines) == 2
        assert SECRET not in json.dumps(lines)

    def test_of_a_failing_operation_are_in_no_line(
        self, client: ApiClient, log_lines: Lines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise RuntimeError(f'{{"password": "{SECRET}"}} Authorization: Bearer {SECRET}')

        monkeypatch.setattr(health_services, "health", fail)
        answer = client.get("health/")
        assert (answer.status, answer.code) == (500, "server_error")
        assert SECRET.encode() not in answer.body
        lines = log_lines()
        assert [line["level"] for line in lines] == ["ERROR", "INFO"]
        assert "[redacted]" in lines[0]["exception"]
        assert SECRET not in json.dumps(lines)
