"""Absolute-form targets, and whatever else a request line can name but a path."""

import pytest

from tests.attacks.peer import Conversation, request, talk
from tests.figures import Held
from tests.service import Service

LIVE = "/api/v1/health/live/"
EVIL = "evil.example"
LAST = "Connection: close"

# Each names somebody else than its Host does.
ABSOLUTE = {
    "another host": f"http://{EVIL}{LIVE}",
    "another host over https": f"https://{EVIL}{LIVE}",
    "another host, no path": f"http://{EVIL}",
    "another host, the root": f"http://{EVIL}/",
    "another host's query": f"http://{EVIL}?{LIVE}",
    "another host, no slash at the end": f"http://{EVIL}{LIVE.rstrip('/')}",
    "another port of another host": f"http://{EVIL}:8000{LIVE}",
    "our host as somebody's name": f"http://localhost@{EVIL}{LIVE}",
    "our host and port as name and password": f"http://localhost:80@{EVIL}{LIVE}",
    "our host as a subdomain": f"http://localhost.{EVIL}{LIVE}",
    "our host behind a backslash": f"http://{EVIL}\\@localhost{LIVE}",
    "an address": f"http://203.0.113.9{LIVE}",
    "an IPv6 address": f"http://[2001:db8::9]{LIVE}",
    "no address": f"http://[{LIVE}",
    "the metadata of a cloud": "http://169.254.169.254/latest/meta-data/",
    "a file": "file:///etc/passwd",
    "another protocol": f"ftp://{EVIL}{LIVE}",
    "in upper case": f"HTTP://{EVIL.upper()}{LIVE}",
}
NO_PATH = {
    "authority": f"{EVIL}:80",
    "authority without a port": EVIL,
    "asterisk": "*",
    "relative": LIVE[1:],
    "a query alone": "?x",
    "empty": "",
    "a backslash": f"\\\\{EVIL}\\",
    "not ASCII": "/api/v1/\xe9/",
}


def refused(told: Conversation) -> bool:
    """One refusal, and a hang-up: what came behind cannot be trusted either."""
    return told.hung_up and not told.rest and [*map(str, told.statuses)] == ["400"]


class TestAbsoluteForm:
    def test_of_somebody_else_is_refused(self, service: Service, held: Held) -> None:
        told = {
            (name, host): talk(service.url, request(f"GET {target} HTTP/1.1", LAST, host=host))
            for name, target in ABSOLUTE.items()
            for host in ("localhost", EVIL)
        }
        assert {case: it.statuses for case, it in told.items() if not refused(it)} == {}
        held("Absolute-form targets", f"{len(told)} of somebody else refused")

    def test_does_not_lend_its_host_to_a_redirect(self, service: Service) -> None:
        line = f"GET http://{EVIL}/api/v1/health/live HTTP/1.1"
        told = talk(service.url, request(line, LAST))
        assert EVIL not in told.only.headers.get("location", "")


class TestWhatIsNoPath:
    def test_is_refused(self, service: Service) -> None:
        told = {
            name: talk(service.url, request(f"GET {target} HTTP/1.1", LAST))
            for name, target in NO_PATH.items()
        }
        assert {name: it.statuses for name, it in told.items() if not refused(it)} == {}

    def test_of_options_asks_about_the_server_and_is_not_found(self, service: Service) -> None:
        assert talk(service.url, request("OPTIONS * HTTP/1.1", LAST)).only.status == 404

    @pytest.mark.parametrize(
        "path", [f"//{EVIL}{LIVE}", f"///{EVIL}", f"/\\{EVIL}/", f"//{EVIL}/%2f.."]
    )
    def test_that_looks_like_a_host_leads_nobody_there(self, service: Service, path: str) -> None:
        told = talk(service.url, request(f"GET {path} HTTP/1.1", LAST))
        assert told.only.status == 404
        assert "location" not in told.only.headers

    @pytest.mark.parametrize("method", ["TRACE", "TRACK", "DEBUG", "PROPFIND"])
    def test_is_not_repeated_by_the_server(self, service: Service, method: str) -> None:
        told = talk(service.url, request(f"{method} {LIVE} HTTP/1.1", "X-Secret: hunter2", LAST))
        assert told.only.status == 405
        assert b"hunter2" not in told.only.body

    @pytest.mark.parametrize(
        "name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]
    )
    def test_is_not_overridden_by_a_header(self, service: Service, name: str) -> None:
        line = "POST /api/v1/users/me/ HTTP/1.1"
        told = talk(service.url, request(line, f"{name}: GET", "Content-Length: 0", LAST))
        assert told.only.status == 405

    @pytest.mark.parametrize(
        "name", ["X-Original-URL", "X-Rewrite-URL", "Script-Name", "Path-Info"]
    )
    def test_is_not_replaced_by_a_header(self, service: Service, name: str) -> None:
        told = talk(service.url, request(f"GET {LIVE} HTTP/1.1", f"{name}: /api/v1/nothing/", LAST))
        assert told.only.status == 200
