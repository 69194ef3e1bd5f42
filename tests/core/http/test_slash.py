import pytest
from pytest_django import Settings

from backend.testing import accounts
from backend.testing.accounts import PASSWORD
from backend.testing.client import ApiClient

UNKNOWN_ID = "01a20b6d-f71b-7609-9d37-00be804fe5ee"


class TestMissingSlash:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    @pytest.mark.parametrize("debug", [True, False], ids=["debug", "production"])
    def test_is_308_for_every_method(
        self, client: ApiClient, settings: Settings, method: str, debug: bool
    ) -> None:
        settings.DEBUG = debug
        answer = client.call(method, "users/me")
        assert (answer.status, answer.body) == (308, b"")
        assert answer.headers["location"] == "/api/v1/users/me/"

    @pytest.mark.parametrize(
        "path",
        [
            "auth/login",
            "auth/logout/all",
            f"auth/sessions/{UNKNOWN_ID}",
            "health",
            "health/ready",
            "docs",
            "schema",
        ],
    )
    def test_is_308_on_every_known_path(self, client: ApiClient, path: str) -> None:
        answer = client.get(path)
        assert (answer.status, answer.headers["location"]) == (308, f"/api/v1/{path}/")

    def test_keeps_the_query(self, client: ApiClient) -> None:
        answer = client.get("auth/sessions?page_size=3&x=%C3%A4%26%0A")
        assert answer.headers["location"] == "/api/v1/auth/sessions/?page_size=3&x=%C3%A4%26%0A"

    @pytest.mark.django_db
    def test_keeps_method_and_body_for_who_follows(self, client: ApiClient) -> None:
        account = accounts.register(client)
        body = {"email": account.email, "password": PASSWORD}
        answer = client.post("auth/login", body)
        assert answer.status == 308
        assert client.post(answer.headers["location"], body).status == 200

    @pytest.mark.parametrize("path", ["nothing", "users/you", "auth/sessions/1", "health/livee"])
    def test_is_404_where_the_slash_would_not_help(self, client: ApiClient, path: str) -> None:
        answer = client.get(path)
        assert (answer.status, answer.code) == (404, "not_found")

    @pytest.mark.parametrize("path", ["/api/v1", "/api/v1/"])
    def test_is_404_at_the_root_where_nothing_is(self, client: ApiClient, path: str) -> None:
        answer = client.get(path)
        assert (answer.status, answer.code) == (404, "not_found")

    def test_leads_nowhere_else(self, client: ApiClient) -> None:
        for path in ("//evil.example/api/v1/users/me", "/\\evil.example/api/v1/users/me"):
            answer = client.get(path)
            location = answer.headers.get("location", "")
            assert answer.status in {308, 400, 404}
            assert not location.startswith(("//", "/\\", "http"))


class TestUnknownPath:
    @pytest.mark.parametrize(
        "path",
        [
            "nothing/",
            "/api/",
            "/api/v1/",
            "/api/v2/users/me/",
            "auth/",
            "users/me/nothing/",
            "users//me/",
            "auth/sessions/1/",
            "auth/sessions/not-a-uuid/",
            f"auth/sessions/{UNKNOWN_ID}x/",
            f"auth/sessions/{UNKNOWN_ID.replace('-', '')}/",
            "auth/sessions/%00/",
            "auth/sessions/%F0%9F/",
            "%2e%2e/admin/",
            "users/me/" + "x" * 5000 + "/",
        ],
    )
    def test_is_404_in_the_envelope(self, client: ApiClient, path: str) -> None:
        for method in ("GET", "DELETE"):
            answer = client.call(method, path)
            assert (answer.status, answer.code, answer.errors) == (404, "not_found", {})
