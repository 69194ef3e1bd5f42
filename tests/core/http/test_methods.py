import re

import pytest

from backend.testing import contract
from backend.testing.accounts import Account
from backend.testing.client import ApiClient

LIVE = "health/live/"
UNKNOWN_ID = "01a20b6d-f71b-7609-9d37-00be804fe5ee"

# What each path allows, completely.
ALLOW = {
    "auth/register/": "OPTIONS, POST",
    "auth/login/": "OPTIONS, POST",
    "auth/refresh/": "OPTIONS, POST",
    "auth/logout/": "OPTIONS, POST",
    "auth/logout/all/": "OPTIONS, POST",
    "auth/sessions/": "GET, HEAD, OPTIONS",
    f"auth/sessions/{UNKNOWN_ID}/": "DELETE, OPTIONS",
    "auth/password/change/": "OPTIONS, POST",
    "auth/password/reset/": "OPTIONS, POST",
    "auth/password/reset/confirm/": "OPTIONS, POST",
    "auth/email/verify/": "OPTIONS, POST",
    "auth/email/verify/resend/": "OPTIONS, POST",
    "auth/email/change/": "OPTIONS, POST",
    "auth/not-me/": "OPTIONS, POST",
    "users/me/": "GET, HEAD, OPTIONS, PATCH",
    "users/me/delete/": "OPTIONS, POST",
    "users/me/security-events/": "GET, HEAD, OPTIONS",
    "users/": "GET, HEAD, OPTIONS",
    f"users/{UNKNOWN_ID}/": "GET, HEAD, OPTIONS, PATCH",
    f"users/{UNKNOWN_ID}/security-events/": "GET, HEAD, OPTIONS",
    "health/": "GET, HEAD, OPTIONS",
    "health/live/": "GET, HEAD, OPTIONS",
    "health/ready/": "GET, HEAD, OPTIONS",
    "docs/": "GET, HEAD, OPTIONS",
    "redoc/": "GET, HEAD, OPTIONS",
    "schema/": "GET, HEAD, OPTIONS",
}


class TestAllow:
    def test_is_told_for_every_operation(self) -> None:
        paths = {re.sub(r"\{\w+\}", UNKNOWN_ID, path) for path in contract.document()["paths"]}
        assert {f"/api/v1/{path}" for path in ALLOW} >= paths


class TestOptions:
    @pytest.mark.parametrize(("path", "allow"), ALLOW.items())
    def test_tells_what_is_allowed_without_a_token(
        self, client: ApiClient, path: str, allow: str
    ) -> None:
        answer = client.call("OPTIONS", path)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["allow"] == allow
        assert "content-type" not in answer.headers

    def test_does_not_care_for_a_bad_token(self, client: ApiClient) -> None:
        assert client.call("OPTIONS", "users/me/", token="none").status == 204

    def test_of_an_unknown_path_is_404(self, client: ApiClient) -> None:
        assert client.call("OPTIONS", "nothing/").status == 404


class TestMethodNotAllowed:
    @pytest.mark.parametrize(("path", "allow"), ALLOW.items())
    def test_tells_what_is(self, client: ApiClient, path: str, allow: str) -> None:
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - {
            *allow.split(", ")
        }:
            answer = client.call(method, path)
            assert (answer.status, answer.code) == (405, "method_not_allowed"), method
            assert answer.headers["allow"] == allow

    def test_is_what_head_gets_where_get_does(self, client: ApiClient) -> None:
        answer = client.call("HEAD", "auth/login/")
        assert (answer.status, answer.headers["allow"]) == (405, "OPTIONS, POST")


class TestHead:
    def test_is_a_get_without_a_body(self, account: Account) -> None:
        for path in (LIVE, "users/me/", "auth/sessions/", "schema/"):
            got = account.client.get(path, token=account.access)
            answer = account.client.call("HEAD", path, token=account.access)
            assert (answer.status, answer.body) == (200, b"")
            for name in ("content-type", "content-length"):
                assert answer.headers[name] == got.headers[name]

    def test_wants_a_token_where_get_does(self, client: ApiClient) -> None:
        answer = client.call("HEAD", "users/me/")
        assert (answer.status, answer.body) == (401, b"")
        assert answer.headers["www-authenticate"] == "Bearer"

    def test_of_an_unknown_path_is_404(self, client: ApiClient) -> None:
        answer = client.call("HEAD", "nothing/")
        assert (answer.status, answer.body) == (404, b"")
