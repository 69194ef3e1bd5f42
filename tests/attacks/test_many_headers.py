"""10,000 headers, headers of a megabyte, and headers that come twice."""

import json
from collections.abc import Iterator

import pytest

from backend.testing import accounts
from backend.testing.accounts import Account
from tests.attacks.peer import Conversation, request, talk
from tests.figures import Held
from tests.service import Service

LIVE = "GET /api/v1/health/live/ HTTP/1.1"
ME = "GET /api/v1/users/me/ HTTP/1.1"
LAST = "Connection: close"
MEGABYTE = 1_048_576
REFUSED = {400, 411, 414, 431}
SECONDS = 2.0

HUGE: dict[str, bytes] = {
    "10,000 headers": request(LIVE, *(f"X-{number}: y" for number in range(10_000))),
    "10,000 times one header": request(LIVE, *["X-A: y"] * 10_000),
    "10,000 cookies": request(LIVE, *["Cookie: a=b"] * 10_000),
    "10,000 empty headers": request(LIVE, *["X:"] * 10_000),
    "101 headers": request(LIVE, *(f"X-{number}: y" for number in range(101))),
    "a header of a megabyte": request(LIVE, "X-A: " + "y" * MEGABYTE),
    "a name of a megabyte": request(LIVE, "X" * MEGABYTE + ": y"),
    "a token of a megabyte": request(ME, "Authorization: Bearer " + "y" * MEGABYTE),
    "a cookie of a megabyte": request(LIVE, "Cookie: a=" + "y" * MEGABYTE),
    "a path of a megabyte": request(f"GET /{'y' * MEGABYTE} HTTP/1.1"),
    "a query of a megabyte": request(f"GET /api/v1/users/?search={'y' * MEGABYTE} HTTP/1.1"),
    "a method of a megabyte": request("G" * MEGABYTE + " / HTTP/1.1"),
    "a megabyte of blanks": b" " * MEGABYTE,
    "a megabyte of empty lines": b"\r\n" * (MEGABYTE // 2),
    "a megabyte of zeros": b"\0" * MEGABYTE,
}


def is_refused(told: Conversation) -> bool:
    """At most one answer, a refusal: who goes on talking while it is sent may miss it."""
    return told.hung_up and len(told.replies) <= 1 and {*told.statuses} <= REFUSED


class TestTooMuch:
    def test_is_refused_at_once(self, service: Service, held: Held) -> None:
        told = {name: talk(service.url, sent) for name, sent in HUGE.items()}
        assert {name: it.statuses for name, it in told.items() if not is_refused(it)} == {}
        longest = max(it.seconds for it in told.values())
        assert longest < SECONDS
        assert talk(service.url, request(LIVE, LAST)).only.status == 200
        held("10,000 headers", f"{len(HUGE)} heads refused, the last after {longest:.2f} s")

    def test_is_not_what_fits(self, service: Service) -> None:
        headers = [f"X-{number}: {'y' * 100}" for number in range(90)]
        assert talk(service.url, request(LIVE, *headers, LAST)).only.status == 200


class TestTwice:
    """Of two values that one reader would take the first and another the last, none counts."""

    @pytest.fixture
    def ada(self, service: Service) -> Iterator[Account]:
        client = service.client()
        yield accounts.signed_in(client)
        client.session.close()

    def test_is_refused_where_there_can_be_one(self, service: Service, held: Held) -> None:
        twice = {
            "Host": ("localhost", "evil.example"),
            "Host, the same": ("localhost", "localhost"),
            "Content-Type": ("application/json", "text/plain"),
            "Content-Length": ("2", "3"),
            "Transfer-Encoding": ("chunked", "identity"),
        }
        for name, (one, another) in twice.items():
            field = name.partition(",")[0]
            host = "" if field == "Host" else "localhost"
            for pair in ((one, another), (another, one)):
                lines = [f"{field}: {value}" for value in pair]
                told = talk(service.url, request(LIVE, *lines, body=b"{}", host=host))
                assert told.only.status in REFUSED, (name, pair)
                assert told.hung_up, (name, pair)
        held("Duplicate headers", f"{len(twice)} refused; of others neither value counts")

    def test_opens_nothing_with_two_tokens(self, service: Service, ada: Account) -> None:
        good, bad = f"Authorization: Bearer {ada.access}", "Authorization: Bearer x"
        for pair in ((good, bad), (bad, good), (good, good), (good, "Authorization:")):
            reply = talk(service.url, request(ME, *pair, LAST)).only
            assert (reply.status, json.loads(reply.body)["code"]) == (401, "token_invalid")
        assert talk(service.url, request(ME, good, LAST)).only.status == 200

    def test_changes_nothing_with_two_keys(self, service: Service, ada: Account) -> None:
        body = b'{"first_name": "Mallory"}'
        reply = talk(
            service.url,
            request(
                ME.replace("GET", "PATCH"),
                f"Authorization: Bearer {ada.access}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                "Idempotency-Key: one",
                "Idempotency-Key: another",
                LAST,
                body=body,
            ),
        ).only
        assert reply.status == 400
        assert ada.me().json["first_name"] == ""

    def test_is_no_request_id(self, service: Service) -> None:
        ids = ("X-Request-ID: one", "X-Request-ID: another")
        reply = talk(service.url, request(LIVE, *ids, LAST)).only
        assert reply.headers["x-request-id"] not in {"one", "another", "one,another"}

    @pytest.mark.parametrize("name", ["X_Request_ID", "x_request_id", "X-Request_ID"])
    def test_is_no_header_by_another_spelling(self, service: Service, name: str) -> None:
        sent = request(LIVE, f"{name}: forged", LAST)
        assert talk(service.url, sent).only.headers["x-request-id"] != "forged"
        sent = request(LIVE, f"{name}: forged", "X-Request-ID: mine", f"{name}: forged", LAST)
        assert talk(service.url, sent).only.headers["x-request-id"] == "mine"

    def test_is_no_token_by_another_spelling(self, service: Service, ada: Account) -> None:
        for name in (
            "Authorization_",
            "HTTP_AUTHORIZATION",
            "HTTP-Authorization",
            "_Authorization",
        ):
            line = f"{name}: Bearer {ada.access}"
            reply = talk(service.url, request(ME, line, LAST)).only
            assert (reply.status, json.loads(reply.body)["code"]) == (401, "not_authenticated")
