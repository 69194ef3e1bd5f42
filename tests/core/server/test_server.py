import json
import time
from typing import Any

import pytest

from tests.core.server.wire import HOST, Reply, Wire
from tests.service import Service, running

LOGIN = "POST /api/v1/auth/login/ HTTP/1.1"
JSON = "Content-Type: application/json"
LIVE = "GET /api/v1/health/live/ HTTP/1.1"
LIMIT = 1_048_576
PIPELINED = 100


def envelope(reply: Reply) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(reply.body)
    assert parsed["status_code"] == reply.status
    assert parsed["request_id"] == reply.headers["x-request-id"]
    return parsed


class TestLargeBody:
    def test_is_refused_unread_and_the_connection_closed(self, service: Service) -> None:
        with Wire(service.url) as wire:
            started = time.monotonic()
            reply = wire.ask(LOGIN, HOST, JSON, f"Content-Length: {LIMIT + 1}")
            assert wire.is_closed()
            assert time.monotonic() - started < 2
        assert (reply.status, envelope(reply)["code"]) == (413, "payload_too_large")
        assert reply.headers["connection"] == "close"

    def test_is_refused_however_large_it_claims_to_be(self, service: Service) -> None:
        with Wire(service.url) as wire:
            reply = wire.ask(LOGIN, HOST, JSON, f"Content-Length: {'9' * 18}")
            assert wire.is_closed()
        assert reply.status == 413

    def test_is_not_invited(self, service: Service) -> None:
        with Wire(service.url) as wire:
            reply = wire.ask(
                LOGIN, HOST, JSON, f"Content-Length: {LIMIT + 1}", "Expect: 100-continue"
            )
            assert wire.is_closed()
        assert reply.status == 413

    def test_is_refused_after_path_and_method(self, service: Service) -> None:
        for line, status in (
            ("POST /api/v1/nothing/ HTTP/1.1", 404),
            ("PUT /api/v1/auth/login/ HTTP/1.1", 405),
            ("POST /api/v1/auth/login HTTP/1.1", 308),
        ):
            with Wire(service.url) as wire:
                reply = wire.ask(line, HOST, f"Content-Length: {LIMIT + 1}")
                assert (reply.status, reply.headers["connection"]) == (status, "close")

    def test_is_refused_before_the_token(self, service: Service) -> None:
        with Wire(service.url) as wire:
            reply = wire.ask(
                "PATCH /api/v1/users/me/ HTTP/1.1", HOST, f"Content-Length: {LIMIT + 1}"
            )
        assert reply.status == 413

    def test_is_none_at_the_limit(self, service: Service) -> None:
        padding = LIMIT - len(json.dumps({"email": "", "password": "x"}))
        body = json.dumps({"email": "x" * padding, "password": "x"}).encode()
        with Wire(service.url) as wire:
            reply = wire.ask(LOGIN, HOST, JSON, f"Content-Length: {len(body)}", body=body)
            assert (reply.status, envelope(reply)["code"]) == (400, "validation_error")
            assert wire.ask(LIVE, HOST).status == 200


class TestChunkedBody:
    @pytest.mark.parametrize(
        "body", [b"", b"2\r\n{}\r\n0\r\n\r\n", b"zz\r\n"], ids=["none yet", "whole", "broken"]
    )
    def test_is_refused_unread_and_the_connection_closed(
        self, service: Service, body: bytes
    ) -> None:
        with Wire(service.url) as wire:
            started = time.monotonic()
            reply = wire.ask(LOGIN, HOST, JSON, "Transfer-Encoding: chunked", body=body)
            assert wire.is_closed()
            assert time.monotonic() - started < 2
        assert (reply.status, envelope(reply)["code"]) == (411, "length_required")
        assert reply.headers["connection"] == "close"

    def test_is_not_invited(self, service: Service) -> None:
        with Wire(service.url) as wire:
            reply = wire.ask(
                LOGIN, HOST, JSON, "Transfer-Encoding: chunked", "Expect: 100-continue"
            )
        assert reply.status == 411

    def test_cannot_smuggle_a_request(self, service: Service) -> None:
        smuggled = f"0\r\n\r\n{LIVE}\r\n{HOST}\r\n\r\n".encode()
        with Wire(service.url) as wire:
            reply = wire.ask(
                LOGIN, HOST, JSON, "Transfer-Encoding: chunked", "Content-Length: 5", body=smuggled
            )
            assert reply.status in {400, 411}
            assert wire.is_closed()


class TestSmallBody:
    def test_is_invited_and_read(self, service: Service) -> None:
        body = b'{"email": "a@b.c"}'
        with Wire(service.url) as wire:
            head = (LOGIN, HOST, JSON, f"Content-Length: {len(body)}", "Expect: 100-continue")
            assert wire.ask(*head).status == 100
            wire.send_body(body)
            reply = wire.read()
        assert reply.status == 400
        assert envelope(reply)["errors"].keys() == {"password"}

    def test_keeps_the_connection(self, service: Service) -> None:
        with Wire(service.url) as wire:
            for _ in range(3):
                reply = wire.ask(LOGIN, HOST, JSON, "Content-Length: 2", body=b"{}")
                assert (reply.status, reply.headers["connection"]) == (400, "keep-alive")

    def test_that_breaks_off_is_no_error_of_ours(self, service: Service) -> None:
        with Wire(service.url) as wire:
            wire.send(
                LOGIN, HOST, JSON, "Content-Length: 50", "X-Request-ID: broken-off", body=b"{"
            )
        with Wire(service.url) as wire:
            assert wire.ask(LIVE, HOST).status == 200
        assert not any("broken-off" in line and '"status":5' in line for line in service.lines())

    def test_that_never_ends_is_given_up(self, service: Service) -> None:
        with Wire(service.url) as wire:
            assert wire.ask(LOGIN, HOST, JSON, "Content-Length: 50", body=b"{").status == 400


class TestUnreadBody:
    def test_keeps_the_connection_as_it_says(self, service: Service) -> None:
        body = json.dumps({"first_name": "x" * 200_000}).encode()
        with Wire(service.url) as wire:
            reply = wire.ask(
                "PATCH /api/v1/users/me/ HTTP/1.1", HOST, JSON, f"Content-Length: {len(body)}",
                body=body,
            )  # fmt: skip
            assert (reply.status, reply.headers["connection"]) == (401, "keep-alive")
            assert wire.ask(LIVE, HOST).status == 200


class TestHead:
    def test_has_the_length_and_no_body(self, service: Service) -> None:
        with Wire(service.url) as wire:
            wire.send("HEAD /api/v1/health/live/ HTTP/1.1", HOST, "Connection: close")
            status, _, rest = wire.rest().partition(b"\r\n")
        assert status.split()[1] == b"200"
        assert b"content-length: 20\r\n" in rest.lower()
        assert rest.endswith(b"\r\n\r\n")

    def test_is_nothing_to_complain_of(self, service: Service) -> None:
        for path in ("/api/v1/health/live/", "/api/v1/nothing/", "/admin/login/", "/nothing/"):
            with Wire(service.url) as wire:
                wire.send(f"HEAD {path} HTTP/1.1", HOST, "Connection: close")
                wire.rest()
        assert not any("no-body response" in line for line in service.lines())


class TestAnswer:
    @pytest.mark.parametrize(
        "path", ["/api/v1/health/live/", "/api/v1/nothing/", "/api/v1/users/me/"]
    )
    def test_says_how_long_it_is(self, service: Service, path: str) -> None:
        with Wire(service.url) as wire:
            reply = wire.ask(f"GET {path} HTTP/1.1", HOST)
        assert "transfer-encoding" not in reply.headers
        assert len(reply.body) == int(reply.headers["content-length"]) > 0

    def test_to_an_unknown_host_is_the_envelope(self, service: Service) -> None:
        for host in ("evil.example", "localhost.evil.example", "a b", ""):
            with Wire(service.url) as wire:
                reply = wire.ask(LIVE, f"Host: {host}", "X-Forwarded-Host: localhost")
                assert (reply.status, envelope(reply)["code"]) == (400, "bad_request"), host


class TestEagerClient:
    """Whose next request is always there when the one before is answered."""

    REGISTER = ("POST /api/v1/auth/register/ HTTP/1.1", HOST, JSON, "Content-Length: 2")

    def test_leaves_the_only_thread_that_writes_to_others(self) -> None:
        with (
            running(GUNICORN_WORKERS="1", GUNICORN_THREADS="3") as service,
            Wire(service.url) as eager,
            Wire(service.url) as other,
        ):
            for _ in range(PIPELINED):
                eager.send(*self.REGISTER, body=b"{}")
            assert eager.read().status == 400
            assert other.ask(*self.REGISTER, "X-Request-ID: other", body=b"{}").status == 400
            assert {eager.read().status for _ in range(PIPELINED - 1)} == {400}
            lines = [json.loads(line) for line in service.lines()]
        answered = [line["request_id"] for line in lines if line.get("status") == 400]
        assert len(answered) == PIPELINED + 1
        assert answered[-1] != "other"


class TestUnsafeMethod:
    """Nothing under ``/api/`` knows a cookie, so nothing there asks for a CSRF token."""

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "FOO"])
    def test_is_405_on_a_page_and_404_where_nothing_is(self, service: Service, method: str) -> None:
        for path, status in (("docs/", 405), ("redoc/", 405), ("schema/", 405), ("", 404)):
            with Wire(service.url) as wire:
                reply = wire.ask(f"{method} /api/v1/{path} HTTP/1.1", HOST, "Content-Length: 0")
            assert reply.status == envelope(reply)["status_code"] == status
            assert reply.headers.get("allow") == ("GET, HEAD, OPTIONS" if path else None)


class TestLog:
    def test_is_one_json_object_per_line(self, service: Service) -> None:
        caller = service.client()
        caller.get("nothing/\n/")
        caller.get("health/live/", headers={"X-Request-ID": "of-this-test"})
        lines = [json.loads(line) for line in service.lines()]
        assert all({"timestamp", "level", "logger", "message"} <= line.keys() for line in lines)
        (line,) = [line for line in lines if line.get("request_id") == "of-this-test"]
        assert (line["route"], line["status"]) == ("/api/v1/health/live/", 200)
