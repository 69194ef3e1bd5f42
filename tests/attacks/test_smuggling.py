"""Request smuggling: what could be read in two ways is refused, and nothing behind it is read."""

import re

import pytest

from tests.attacks.framing import AMBIGUOUS, JSON, LIVE, LOGIN, MARK, smuggled
from tests.attacks.peer import Conversation, request, talk
from tests.figures import Held
from tests.service import Service

REFUSED = {400, 411, 501}  # by the parser, for want of a length, an unknown coding
LAST = "Connection: close"


def faults(told: Conversation) -> list[str]:
    """What is wrong with how a service has answered something ambiguous."""
    found = [] if told.hung_up else ["goes on listening"]
    if len(told.replies) != 1 or told.rest:
        found.append(f"answers {told.statuses} and {told.rest!r}")
    elif told.only.status not in REFUSED:
        found.append(f"answers {told.only.status}")
    return found


def ids_in_log(service: Service) -> set[str]:
    return {*re.findall(r'"request_id":"([^"]+)"', "\n".join(service.lines()))}


class TestWhatCanBeReadInTwoWays:
    def test_is_refused_once_and_ends_the_connection(self, service: Service, held: Held) -> None:
        wrong = {name: faults(talk(service.url, sent)) for name, sent in AMBIGUOUS.items()}
        assert {name: found for name, found in wrong.items() if found} == {}
        assert MARK not in ids_in_log(service)
        held("Request smuggling", f"{len(AMBIGUOUS)} ways: each refused once, 0 smuggled")


class TestWhatIsClear:
    """The same tools see a second request where there is one."""

    def test_is_answered_in_order_however_it_is_sent(self, service: Service) -> None:
        ids = [f"of-a-pipeline-{number}" for number in range(3)]
        pipeline = b"".join(
            request(LIVE, f"X-Request-ID: {name}", *([LAST] if name == ids[-1] else []))
            for name in ids
        )
        for sent in (pipeline, [pipeline[:20], pipeline[20:150], pipeline[150:]]):
            told = talk(service.url, sent)
            assert (told.statuses, told.rest) == ([200] * 3, b"")
            assert [reply.headers["x-request-id"] for reply in told.replies] == ids
        assert {*ids} <= ids_in_log(service)

    def test_ends_where_its_length_says_whatever_the_method(self, service: Service) -> None:
        body = smuggled("in-the-body-of-a-get")
        sent = request(LIVE, f"Content-Length: {len(body)}", body=body)
        told = talk(service.url, sent + request("GET /api/v1/nothing/ HTTP/1.1", LAST))
        assert (told.statuses, told.rest) == ([200, 404], b"")
        assert "in-the-body-of-a-get" not in ids_in_log(service)

    def test_leaves_nothing_behind_when_its_body_is_refused(self, service: Service) -> None:
        body = smuggled("in-a-large-body")
        sent = request(LOGIN, JSON, "Content-Length: 1048577", body=body)
        told = talk(service.url, sent)
        assert (told.only.status, told.hung_up) == (413, True)
        assert "in-a-large-body" not in ids_in_log(service)

    def test_of_http_1_0_is_one_request(self, service: Service) -> None:
        told = talk(service.url, request(LIVE.replace("1.1", "1.0")) + smuggled("behind-1.0"))
        assert (told.only.status, told.hung_up) == (200, True)
        assert "behind-1.0" not in ids_in_log(service)

    def test_of_connect_is_no_tunnel(self, service: Service) -> None:
        for target in ("127.0.0.1:5432", "evil.example:443"):
            line = f"CONNECT {target} HTTP/1.1"
            told = talk(service.url, request(line) + smuggled("through-a-tunnel"))
            assert (told.only.status >= 400, told.hung_up) == (True, True)
        assert "through-a-tunnel" not in ids_in_log(service)

    @pytest.mark.parametrize("protocol", ["h2c", "websocket", "TLS/1.2"])
    def test_of_an_upgrade_stays_what_it_is(self, service: Service, protocol: str) -> None:
        headers = ("Connection: Upgrade, HTTP2-Settings", f"Upgrade: {protocol}")
        sent = request(LIVE, *headers, "HTTP2-Settings: AAMAAABk") + request(LIVE, LAST)
        assert talk(service.url, sent).statuses == [200, 200]
