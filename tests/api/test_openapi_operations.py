import re
from collections import Counter

from tests.api.document import DOCUMENT, JSON, codes, every_operation, names, operations

# Clients are generated from these: a renamed operation is a broken client.
OPERATIONS = {
    "auth.register": "POST /api/v1/auth/register/",
    "auth.login": "POST /api/v1/auth/login/",
    "auth.refresh": "POST /api/v1/auth/refresh/",
    "auth.logout": "POST /api/v1/auth/logout/",
    "auth.logout_all": "POST /api/v1/auth/logout/all/",
    "auth.sessions.list": "GET /api/v1/auth/sessions/",
    "auth.sessions.end": "DELETE /api/v1/auth/sessions/{session_id}/",
    "auth.password.change": "POST /api/v1/auth/password/change/",
    "users.me.get": "GET /api/v1/users/me/",
    "users.me.update": "PATCH /api/v1/users/me/",
    "health.read": "GET /api/v1/health/",
    "health.live": "GET /api/v1/health/live/",
    "health.ready": "GET /api/v1/health/ready/",
}


class TestEveryOperation:
    def test_has_its_stable_id(self) -> None:
        found = {
            operation["operationId"]: f"{operation['method'].upper()} {operation['path']}"
            for operation in operations()
        }
        assert OPERATIONS.items() <= found.items()

    def test_has_an_id_of_its_own(self) -> None:
        counted = Counter(operation["operationId"] for operation in operations())
        assert set(counted.values()) == {1}

    @every_operation
    def test_has_an_id_that_becomes_a_name(self, operation: JSON) -> None:
        assert re.fullmatch(r"[a-z][a-z_]*(\.[a-z][a-z_]*)+", operation["operationId"])

    @every_operation
    def test_has_an_id_in_whose_namespace_is_no_other(self, operation: JSON) -> None:
        """A generated client has either a function of this name, or a group of functions."""
        inside = f"{operation['operationId']}."
        assert not [o["operationId"] for o in operations() if o["operationId"].startswith(inside)]

    @every_operation
    def test_says_what_it_does(self, operation: JSON) -> None:
        assert re.fullmatch(r"[A-Z].{5,}[^.]", operation["summary"])
        assert operation.get("description", "longer") != operation["summary"]

    @every_operation
    def test_lives_under_the_version_and_ends_in_a_slash(self, operation: JSON) -> None:
        assert operation["path"].startswith("/api/v1/")
        assert operation["path"].endswith("/")

    @every_operation
    def test_declares_what_can_happen_to_anybody(self, operation: JSON) -> None:
        health = operation["tags"] == ["health"]
        assert codes(operation, 400) >= {"bad_request"}
        assert codes(operation, 411) == {"length_required"}
        assert codes(operation, 413) == {"payload_too_large"}
        assert codes(operation, 500) == {"server_error"}
        assert health or codes(operation, 503) == {"service_unavailable"}
        assert any(status.startswith("2") for status in operation["responses"])

    @every_operation
    def test_declares_what_its_form_implies(self, operation: JSON) -> None:
        private = operation["security"] == [{"BearerAuth": []}]
        places = {parameter["in"] for parameter in operation["parameters"]}
        takes_body = "requestBody" in operation
        bearer = {"not_authenticated", "token_invalid", "token_expired", "session_revoked"}
        assert not private or codes(operation, 401) >= bearer
        assert not takes_body or codes(operation, 400) >= {"validation_error", "invalid_json"}
        assert codes(operation, 415) == ({"unsupported_media_type"} if takes_body else set())
        assert "query" not in places or "validation_error" in codes(operation, 400)
        assert "path" not in places or "not_found" in codes(operation, 404)

    @every_operation
    def test_takes_and_answers_json_only(self, operation: JSON) -> None:
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            assert body.get("content", {"application/json": {}}).keys() == {"application/json"}

    @every_operation
    def test_declares_its_headers(self, operation: JSON) -> None:
        for status, response in operation["responses"].items():
            waiting = {"throttled", "service_unavailable", "idempotency_in_progress"}
            assert "X-Request-ID" in response["headers"]
            assert ("WWW-Authenticate" in response["headers"]) == (status == "401")
            assert ("Retry-After" in response["headers"]) == bool(
                waiting & codes(operation, int(status))
            )

    @every_operation
    def test_names_its_body_and_closes_it(self, operation: JSON) -> None:
        if "requestBody" not in operation:
            return
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        references = [schema, *schema.get("anyOf", ())]
        (name,) = [node["$ref"].rsplit("/", 1)[1] for node in references if "$ref" in node]
        assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


class TestIdempotency:
    @every_operation
    def test_is_declared_where_something_changes(self, operation: JSON) -> None:
        assert ("x-idempotency" in operation) == (operation["method"] != "get")

    @every_operation
    def test_when_stored_takes_a_key_and_replays_what_would_come_again(
        self, operation: JSON
    ) -> None:
        is_stored = operation.get("x-idempotency") == "stored"
        replaying = {
            int(status)
            for status, response in operation["responses"].items()
            if "Idempotent-Replayed" in response["headers"]
        }
        success = min(map(int, operation["responses"]))
        assert not is_stored or "Idempotency-Key" in names(operation)
        assert not is_stored or replaying >= {success, 400}
        assert replaying <= {success, 400, 404, 409, 412}
        assert codes(operation, 422) == ({"idempotency_key_reused"} if is_stored else set())
        assert is_stored == ("idempotency_in_progress" in codes(operation, 409))

    def test_is_another_where_tokens_are_answered(self) -> None:
        others = {
            operation["operationId"]: operation["x-idempotency"]
            for operation in operations()
            if operation.get("x-idempotency", "stored") != "stored"
        }
        assert others == {"auth.login": "ignored", "auth.refresh": "recovered"}

    def test_when_recovered_marks_the_repeated_answer(self) -> None:
        (refresh,) = [o for o in operations() if o["operationId"] == "auth.refresh"]
        replaying = [
            s for s, r in refresh["responses"].items() if "Idempotent-Replayed" in r["headers"]
        ]
        assert replaying == ["200"]


class TestETag:
    @every_operation
    def test_is_answered_by_whoever_takes_it(self, operation: JSON) -> None:
        declared = operation.get("x-etag", False)
        conditional = {"get": "If-None-Match"}.get(operation["method"], "If-Match")
        answering = {s for s, r in operation["responses"].items() if "ETag" in r["headers"]}
        reads = declared and operation["method"] == "get"
        assert declared == (conditional in names(operation))
        assert answering == ({"200", "304"} & operation["responses"].keys() if declared else set())
        assert codes(operation, 412) == (
            {"precondition_failed"} if declared and not reads else set()
        )

    def test_that_is_still_the_one_is_answered_without_a_body(self) -> None:
        unchanged = [o["responses"]["304"] for o in operations() if "304" in o["responses"]]
        assert len(unchanged) >= 2
        assert not [response for response in unchanged if "content" in response]


class TestExtensions:
    @every_operation
    def test_are_those_that_the_introduction_explains(self, operation: JSON) -> None:
        explained = set(re.findall(r"`(x-[a-z-]+)`:", DOCUMENT["info"]["description"]))
        assert {name for name in operation if name.startswith("x-")} <= explained

    @every_operation
    def test_name_the_limit_of_what_is_limited(self, operation: JSON) -> None:
        limited = operation.get("x-rate-limit")
        assert (limited is None) == (operation["tags"] == ["health"])
        assert codes(operation, 429) == (set() if limited is None else {"throttled"})
