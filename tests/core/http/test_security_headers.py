from ipaddress import ip_network

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from backend.core.http.security_headers import SecurityHeadersMiddleware
from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient
from tests.service import Service

JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"
ANSWERS = {
    "200": ("GET", "health/live/"),
    "204": ("OPTIONS", "users/me/"),
    "308": ("GET", "users/me"),
    "400": ("POST", "auth/login/"),
    "401": ("GET", "users/me/"),
    "404": ("GET", "nothing/"),
    "405": ("PUT", "users/me/"),
    "500": ("GET", "failing/RuntimeError/"),
    "503": ("GET", "failing/unavailable/"),
    "schema": ("GET", "schema/"),
}
PAGES = {
    "docs": "/api/v1/docs/",
    "redoc": "/api/v1/redoc/",
    "admin": "/admin/login/",
    "404 outside": "/nothing/",
}
STATIC = ["/static/api/icon.svg", "/static/api/swagger.js", "/static/ninja/swagger-ui.css"]


@pytest.fixture(autouse=True)
def _failing(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.core.http.failing_urls"


def assert_hardened(answer: Answer) -> None:
    """Fail unless the answer has the headers that every answer has."""
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] in {"no-referrer", "same-origin"}
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in answer.headers


class TestEveryAnswer:
    @pytest.mark.parametrize(("method", "path"), ANSWERS.values(), ids=ANSWERS.keys())
    def test_of_the_api_is_hardened(self, client: ApiClient, method: str, path: str) -> None:
        answer = client.call(method, path)
        assert_hardened(answer)
        if answer.body:
            assert answer.headers["content-security-policy"] == JSON_POLICY
            assert answer.headers["referrer-policy"] == "no-referrer"

    @pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
    @pytest.mark.django_db
    def test_with_a_page_is_hardened(self, client: ApiClient, path: str) -> None:
        answer = client.get(path)
        assert_hardened(answer)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "http" not in policy
        assert "unsafe-eval" not in policy
        assert "script-src 'self' 'unsafe" not in policy

    @pytest.mark.parametrize("path", STATIC)
    def test_with_a_file_is_hardened(self, client: ApiClient, path: str) -> None:
        answer = client.call("HEAD", path)
        assert answer.status == 200
        assert_hardened(answer)

    def test_for_an_unknown_host_is_hardened(self, client: ApiClient) -> None:
        answer = client.get("health/live/", headers={"Host": "evil.example"})
        assert answer.status == 400
        assert_hardened(answer)
        assert answer.headers["content-security-policy"] == JSON_POLICY


class TestStrictTransportSecurity:
    HSTS = "max-age=31536000; includeSubDomains"

    @pytest.mark.parametrize("path", ["health/live/", "nothing/", "users/me", "docs/"])
    def test_is_sent_to_who_came_by_https(
        self, client: ApiClient, settings: Settings, path: str
    ) -> None:
        settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
        answer = client.get(path, headers={"X-Forwarded-Proto": "https"})
        assert answer.headers["strict-transport-security"] == self.HSTS

    def test_is_not_sent_on_a_strangers_word(self, client: ApiClient, settings: Settings) -> None:
        settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
        for name in ("X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Ssl", "Forwarded"):
            answer = client.get("health/live/", headers={name: "https"})
            assert "strict-transport-security" not in answer.headers


class TestCacheControl:
    def test_keeps_answers_about_accounts_out_of_every_cache(self, account: Account) -> None:
        client = account.client
        answers = [
            account.me(),
            account.me("bad"),
            account.log_in(),
            account.spend(),
            client.get("auth/sessions/", token=account.access),
            client.get("users/nobody/"),
            client.get("users/me"),
            client.call("PUT", "auth/login/"),
            client.call("OPTIONS", "auth/login/"),
            client.post("auth/logout/", {"refresh": account.refresh}),
        ]
        assert {answer.headers.get("cache-control") for answer in answers} == {"no-store"}
        assert {answer.status for answer in answers} == {200, 401, 404, 308, 405, 204}


class TestPolicy:
    def test_of_a_page_itself_stays(self) -> None:
        page = HttpResponse("<p>", headers={"Content-Security-Policy": "sandbox"})
        answer = SecurityHeadersMiddleware(lambda _: page)(RequestFactory().get("/"))
        assert answer["Content-Security-Policy"] == "sandbox"
        assert answer["X-Frame-Options"] == "DENY"


class TestServer:
    def test_names_no_version(self, service: Service) -> None:
        caller = service.client()
        for path in ("health/live/", "nothing/", "/static/api/icon.svg", "/"):
            answer = caller.get(path)
            assert not any(letter.isdigit() for letter in answer.headers.get("server", ""))
            assert "x-powered-by" not in answer.headers

    @pytest.mark.parametrize("name", ["X-Forwarded-Proto", "X-Forwarded-Ssl"])
    def test_believes_no_scheme_from_loopback(self, service: Service, name: str) -> None:
        value = "on" if name.endswith("Ssl") else "https"
        answer = service.client().get("health/live/", headers={name: value})
        assert answer.status == 200
        assert "strict-transport-security" not in answer.headers
