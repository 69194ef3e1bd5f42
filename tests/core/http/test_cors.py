import pytest

from backend.testing.client import Answer, ApiClient

OURS, THEIRS = "https://app.example.com", "https://evil.example"
ALLOWED = {
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
}
EXPOSED = {
    "X-Request-ID",
    "ETag",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Idempotent-Replayed",
    "Deprecation",
    "Sunset",
    "Link",
}


def preflight(client: ApiClient, path: str, origin: str) -> Answer:
    """What a browser asks before it sends a request of another origin."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    return client.send("OPTIONS", f"/api/v1/{path}", b"", asked)


def listed(answer: Answer, name: str) -> set[str]:
    return {part.strip() for part in answer.headers[name].split(",")}


class TestPreflight:
    def test_allows_a_listed_origin(self, client: ApiClient) -> None:
        answer = preflight(client, "users/me/", OURS)
        assert answer.status in {200, 204}
        assert answer.headers["access-control-allow-origin"] == OURS
        assert listed(answer, "access-control-allow-headers") == ALLOWED
        assert listed(answer, "access-control-allow-methods") >= {"GET", "POST", "PATCH", "DELETE"}
        assert "access-control-allow-credentials" not in answer.headers
        assert "x-request-id" in answer.headers

    @pytest.mark.parametrize(
        "origin", [THEIRS, "null", "http://app.example.com", f"{OURS}.evil.example", "*"]
    )
    def test_allows_no_other(self, client: ApiClient, origin: str) -> None:
        answer = preflight(client, "users/me/", origin)
        assert answer.status < 500
        assert "access-control-allow-origin" not in answer.headers


class TestAnswer:
    @pytest.mark.parametrize("path", ["health/live/", "users/me/", "nothing/", "users/me"])
    def test_is_readable_for_a_listed_origin(self, client: ApiClient, path: str) -> None:
        answer = client.get(path, headers={"Origin": OURS})
        assert answer.headers["access-control-allow-origin"] == OURS
        assert listed(answer, "access-control-expose-headers") == EXPOSED
        assert "origin" in answer.headers["vary"].lower()

    @pytest.mark.parametrize("path", ["health/live/", "users/me/", "nothing/"])
    def test_is_not_readable_for_any_other(self, client: ApiClient, path: str) -> None:
        answer = client.get(path, headers={"Origin": THEIRS})
        assert "access-control-allow-origin" not in answer.headers
        assert "origin" in answer.headers["vary"].lower()

    @pytest.mark.parametrize("origin", [OURS, THEIRS])
    def test_of_a_file_is_for_our_own_pages(self, client: ApiClient, origin: str) -> None:
        answer = client.call("HEAD", "/static/api/icon.svg", headers={"Origin": origin})
        assert answer.status == 200
        assert "access-control-allow-origin" not in answer.headers
