from typing import Any

import pytest
from pytest_django import Settings

from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient
from tests.core.http.test_json_body import REFUSED
from tests.service import Service

LOGIN = "auth/login/"
GOOD = b'{"email": "a@b.example", "password": "wrong wrong wrong"}'
JSON = "application/json"
UNKNOWN_ID = "01a20b6d-f71b-7609-9d37-00be804fe5ee"


def login(client: ApiClient, body: bytes, content_type: str | None = JSON) -> Answer:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return client.call("POST", LOGIN, body=body, headers={"Content-Type": "", **headers})


class TestContentType:
    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "text/html",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=latin-1",
            "application/json; charset=utf-16",
            "application/merge-patch+json",
            None,
        ],
    )
    def test_of_another_kind_is_415(self, client: ApiClient, content_type: str | None) -> None:
        answer = login(client, GOOD, content_type)
        assert (answer.status, answer.code) == (415, "unsupported_media_type")

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "content_type", [JSON, "application/json; charset=utf-8", "application/json;charset=UTF-8"]
    )
    def test_of_json_in_utf_8_is_fine(self, client: ApiClient, content_type: str) -> None:
        answer = login(client, GOOD, content_type)
        assert (answer.status, answer.code) == (401, "invalid_credentials")

    def test_is_not_needed_without_a_body(self, account: Account) -> None:
        answer = account.client.call("POST", "auth/logout/all/", token=account.access)
        assert answer.status == 204

    def test_is_not_needed_without_an_optional_body(self, account: Account) -> None:
        assert account.client.call("POST", "auth/logout/", token=account.access).status == 204

    @pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*;q=0", "", "x"])
    def test_of_the_answer_is_not_negotiated(self, client: ApiClient, accept: str) -> None:
        for path in ("health/live/", "users/me/", "nothing/"):
            answer = client.get(path, headers={"Accept": accept})
            assert answer.headers["content-type"] == "application/json; charset=utf-8"

    @pytest.mark.parametrize("coding", ["gzip", "GZIP, identity", "br", ""])
    def test_says_415_to_what_claims_to_be_packed(self, client: ApiClient, coding: str) -> None:
        headers = {"Content-Type": JSON, "Content-Encoding": coding}
        answer = client.send("POST", "/api/v1/auth/login/", GOOD, headers)
        assert (answer.status, answer.code) == (415, "unsupported_media_type")

    @pytest.mark.django_db
    def test_may_say_that_it_is_not_packed(self, client: ApiClient) -> None:
        headers = {"Content-Type": JSON, "Content-Encoding": "Identity"}
        answer = client.send("POST", "/api/v1/auth/login/", GOOD, headers)
        assert answer.code == "invalid_credentials"

    def test_over_the_wire_is_415_too(self, service: Service) -> None:
        caller = service.client()
        for headers in ({"Content-Type": "text/plain"}, {}):
            answer = caller.send("POST", "/api/v1/auth/login/", GOOD, headers)
            assert (answer.status, answer.code) == (415, "unsupported_media_type")


class TestEmptyBody:
    @pytest.mark.parametrize("content_type", [JSON, None, "text/plain"])
    def test_where_one_is_required_blames_no_field(
        self, client: ApiClient, content_type: str | None
    ) -> None:
        answer = login(client, b"", content_type)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert answer.errors.keys() == {"non_field_errors"}

    @pytest.mark.parametrize(
        "path", ["auth/register/", "auth/login/", "auth/refresh/", "auth/password/change/"]
    )
    def test_is_refused_by_every_operation(self, account: Account, path: str) -> None:
        answer = account.client.call("POST", path, token=account.access)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert answer.errors.keys() == {"non_field_errors"}


class TestNoObject:
    @pytest.mark.parametrize("body", [b"[]", b"null", b'"a"', b"1", b"1.5", b"true", b"[{}]"])
    @pytest.mark.parametrize("path", ["auth/register/", "auth/login/", "auth/refresh/"])
    def test_blames_no_field(self, client: ApiClient, path: str, body: bytes) -> None:
        answer = client.post(path, body)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert answer.errors.keys() == {"non_field_errors"}

    @pytest.mark.parametrize("body", [b"[]", b'"a"', b"1", b"false"])
    def test_is_refused_where_a_body_is_optional(self, account: Account, body: bytes) -> None:
        answer = account.client.post("auth/logout/", body, token=account.access)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert answer.errors.keys() == {"non_field_errors"}
        assert account.me().status == 200


class TestInvalidJson:
    @pytest.mark.parametrize(
        "body",
        [body for body in REFUSED.values() if body],
        ids=[n for n, b in REFUSED.items() if b],
    )
    def test_is_400(self, client: ApiClient, body: bytes) -> None:
        answer = client.post(LOGIN, body)
        assert (answer.status, answer.code, answer.errors) == (400, "invalid_json", {})

    def test_is_400_over_the_wire_and_the_service_lives(self, service: Service) -> None:
        caller = service.client()
        for name, body in REFUSED.items():
            if body:
                answer = caller.post(LOGIN, body)
                assert (answer.status, answer.code) == (400, "invalid_json"), name
        assert caller.get("health/live/").status == 200

    def test_is_400_where_a_body_is_optional(self, account: Account) -> None:
        answer = account.client.post("auth/logout/", b"{", token=account.access)
        assert (answer.status, answer.code) == (400, "invalid_json")
        assert account.me().status == 200

    def test_is_not_what_is_only_deep_enough(self, client: ApiClient) -> None:
        deep = b'{"email":' + b"[" * 31 + b"]" * 31 + b',"password":"x"}'
        answer = client.post(LOGIN, deep)
        assert (answer.status, answer.code) == (400, "validation_error")
        answer = client.post(LOGIN, deep.replace(b"[[", b"[[[", 1).replace(b"]]", b"]]]", 1))
        assert (answer.status, answer.code) == (400, "invalid_json")


class TestFields:
    @pytest.mark.parametrize(
        "value", [None, 1, 1.5, True, [], {}, ["a"], {"a": "b"}, 10**4000, 1e300]
    )
    def test_of_another_type_are_blamed(self, client: ApiClient, value: Any) -> None:
        answer = client.post(LOGIN, {"email": value, "password": "x"})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert answer.errors.keys() == {"email"}

    def test_that_are_unknown_are_blamed_by_name(self, client: ApiClient) -> None:
        body = {"email": "a@b.example", "password": "x", "admin": True, "a.b": 1}
        answer = client.post(LOGIN, body)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert answer.errors.keys() == {"admin", "a.b"}

    def test_that_are_missing_are_all_blamed(self, client: ApiClient) -> None:
        answer = client.post("auth/register/", {})
        assert answer.errors.keys() == {"email", "password", "password_confirm"}

    def test_are_not_shown_again(self, client: ApiClient) -> None:
        answer = client.post(LOGIN, {"email": ["hunter2hunter2"], "hunter3hunter3": "hunter4"})
        assert b"hunter2" not in answer.body
        assert b"hunter4" not in answer.body

    @pytest.mark.django_db
    @pytest.mark.parametrize("text", ["\x7f\x1b[0m", "😀" * 50, "\u202e\ufeff", "'; --", "%00"])
    def test_may_hold_any_text(self, client: ApiClient, text: str) -> None:
        answer = client.post(LOGIN, {"email": text, "password": text})
        assert (answer.status, answer.code) == (401, "invalid_credentials")


class TestQuery:
    @pytest.mark.parametrize("path", ["health/live/?x=1&x=2&%00=%ff", "health/?cursor=x"])
    @pytest.mark.django_db
    def test_that_is_unknown_is_ignored(self, client: ApiClient, path: str) -> None:
        assert client.get(path).status == 200

    def test_that_is_unknown_is_ignored_in_lists(self, account: Account) -> None:
        path = "auth/sessions/?x=1&page=9&limit=-1&search=%00&page_size=7"
        assert account.client.get(path, token=account.access).status == 200

    @pytest.mark.parametrize("size", ["0", "-1", "101", "x", "", "1.5", "1e2", "9" * 5000, "%00"])
    def test_that_is_out_of_range_is_blamed(self, account: Account, size: str) -> None:
        answer = account.client.get(f"auth/sessions/?page_size={size}", token=account.access)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert answer.errors.keys() == {"page_size"}

    @pytest.mark.parametrize("cursor", ["x", "%00", "%ff", "%ED%A0%80", "AAAA", "a" * 900])
    def test_with_a_damaged_cursor_is_a_bad_request(self, account: Account, cursor: str) -> None:
        answer = account.client.get(f"auth/sessions/?cursor={cursor}", token=account.access)
        assert (answer.status, answer.code, answer.errors) == (400, "bad_request", {})


class TestOrderOfRefusals:
    """404 path, 405, 411 and 413, 401, 415, 400, 404 row."""

    LARGE = b'{"a": "' + b"x" * 1000 + b'"}'

    @pytest.fixture(autouse=True)
    def _small_limit(self, settings: Settings) -> None:
        settings.MAX_BODY_BYTES = 1000

    def send(self, client: ApiClient, method: str, path: str, **options: Any) -> int:
        headers = {"Content-Type": "text/plain", **options.pop("headers", {})}
        return client.call(method, path, headers=headers, **options).status

    def test_begins_with_the_path(self, client: ApiClient) -> None:
        assert self.send(client, "PUT", "nothing/", body=self.LARGE) == 404

    def test_goes_on_with_the_method(self, client: ApiClient) -> None:
        assert self.send(client, "PUT", "users/me/", body=self.LARGE) == 405

    def test_goes_on_with_the_size(self, client: ApiClient) -> None:
        assert self.send(client, "PATCH", "users/me/", body=self.LARGE) == 413
        chunked = {"Transfer-Encoding": "chunked"}
        assert self.send(client, "PATCH", "users/me/", body=b"{}", headers=chunked) == 411

    def test_goes_on_with_the_token(self, client: ApiClient) -> None:
        assert self.send(client, "PATCH", "users/me/", body=b"broken") == 401
        assert self.send(client, "PATCH", "users/me/", body=b"broken", token="bad") == 401
        assert self.send(client, "DELETE", f"auth/sessions/{UNKNOWN_ID}/") == 401
        assert client.get("auth/sessions/?page_size=0").status == 401

    def test_goes_on_with_the_type(self, account: Account) -> None:
        status = self.send(
            account.client, "PATCH", "users/me/", body=b"broken", token=account.access
        )
        assert status == 415

    def test_goes_on_with_the_syntax(self, account: Account) -> None:
        answer = account.client.patch("users/me/", b"broken", token=account.access)
        assert (answer.status, answer.code) == (400, "invalid_json")

    def test_goes_on_with_the_fields(self, account: Account) -> None:
        answer = account.client.patch("users/me/", {"first_name": None}, token=account.access)
        assert (answer.status, answer.code) == (400, "validation_error")

    def test_ends_with_the_row(self, account: Account) -> None:
        answer = account.client.delete(f"auth/sessions/{UNKNOWN_ID}/", token=account.access)
        assert (answer.status, answer.code) == (404, "not_found")

    def test_costs_no_query_before_the_token(
        self, client: ApiClient, django_assert_num_queries: Any, db: None
    ) -> None:
        with django_assert_num_queries(0):
            assert client.patch("users/me/", self.LARGE, token="bad").status == 413
            assert client.patch("users/me/", {}, token="bad").status == 401
