"""Forged ``Host`` and ``X-Forwarded-*``: from whoever is no trusted proxy, nothing is believed."""

import json
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from backend.testing import accounts
from backend.testing.accounts import Account
from tests.attacks.peer import OTHER_ADDRESS, TRUSTED_ADDRESS, Reply, request, talk
from tests.figures import Held
from tests.service import Service, running
from tests.waiting import until

LIVE = "GET /api/v1/health/live/ HTTP/1.1"
SESSIONS = "GET /api/v1/auth/sessions/?page_size=1 HTTP/1.1"
FRONTEND = "https://www.example.com"
EVIL, ELSEWHERE = "evil.example", "203.0.113.9"
LAST = "Connection: close"
RESET = "auth/password/reset/"
LOGINS = 5

HOSTS = {
    "another": EVIL,
    "another with a port": f"{EVIL}:80",
    "ours as somebody's name": f"localhost@{EVIL}",
    "ours as name and password": f"localhost:80@{EVIL}",
    "ours, and another as the port": f"localhost:{EVIL}",
    "ours and another": f"localhost, {EVIL}",
    "ours with a path": f"localhost/{EVIL}",
    "ours with a query": f"localhost?{EVIL}",
    "ours with a fragment": f"localhost#{EVIL}",
    "ours and a backslash": f"localhost\\{EVIL}",
    "ours as a subdomain": f"localhost.{EVIL}",
    "a subdomain of ours": f"{EVIL}.localhost",
    "ours with a blank": f"localhost {EVIL}",
    "ours with a tab": f"localhost\t{EVIL}",
    "not ASCII": "löcalhost",
    "in brackets": "[::ffff:203.0.113.9]",
    "an address": ELSEWHERE,
    "empty": "",
    "a port alone": ":80",
    "an asterisk": "*",
    "markup": "localhost<script>",
    "a quote": "localhost'\"",
}
FORWARDED = (
    f"X-Forwarded-Host: {EVIL}",
    f"X-Forwarded-Server: {EVIL}",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Protocol: ssl",
    "X-Forwarded-Ssl: on",
    "X-Forwarded-Scheme: https",
    "X-Url-Scheme: https",
    "Front-End-Https: on",
    "X-Forwarded-Port: 666",
    f"X-Forwarded-Prefix: /{EVIL}",
    f"X-Script-Name: /{EVIL}",
    f"X-Host: {EVIL}",
    f"X-HTTP-Host-Override: {EVIL}",
    f"X-Original-Host: {EVIL}",
    f"X-Forwarded-For: {ELSEWHERE}",
    f"X-Forwarded-By: {ELSEWHERE}",
    f"X-Real-IP: {ELSEWHERE}",
    f"X-Client-IP: {ELSEWHERE}",
    f"X-Cluster-Client-IP: {ELSEWHERE}",
    f"X-Remote-Addr: {ELSEWHERE}",
    f"True-Client-IP: {ELSEWHERE}",
    f"CF-Connecting-IP: {ELSEWHERE}",
    f"Fastly-Client-IP: {ELSEWHERE}",
    f"Client-IP: {ELSEWHERE}",
    f"Remote-Addr: {ELSEWHERE}",
    f"Forwarded: for={ELSEWHERE};host={EVIL};proto=https",
    f"Via: 1.1 {EVIL}",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mails")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Service]:
    """A service that trusts one proxy, and runs its tasks itself: one process, embedded."""
    with running(
        TRUSTED_PROXIES=TRUSTED_ADDRESS,
        FRONTEND_URL=FRONTEND,
        EMAIL_URL=f"file://{folder}",
        RATE_LIMIT_LOGIN=f"{LOGINS}/h",
        GUNICORN_WORKERS="1",
        REDIS_URL="",
        TASKS_REDIS_URL="",
    ) as started:
        yield started


@pytest.fixture(scope="module")
def ada(service: Service) -> Account:
    """Somebody with two sessions, hence a second page of them."""
    account = accounts.signed_in(service.client())
    account.log_in().require(200)
    return account


def ask(
    service: Service,
    line: str,
    *headers: str,
    source: str = OTHER_ADDRESS,
    host: str = "localhost",
    body: bytes = b"",
) -> Reply:
    """Ask once; the proxy's address makes a proxy."""
    sent = request(line, *headers, LAST, host=host, body=body)
    return talk(service.url, sent, source=source).only


def seen_as(service: Service, *headers: str, source: str = OTHER_ADDRESS) -> str:
    """The address that the log has of a caller who sends these headers."""
    identity = ask(service, LIVE, *headers, source=source).headers["x-request-id"]
    lines = [json.loads(line) for line in service.lines() if identity in line]
    (client,) = [line["client"] for line in lines if line["message"] == "request"]
    assert isinstance(client, str)
    return client


def post(service: Service, path: str, form: dict[str, str], *headers: str, **of: str) -> Reply:
    """Send a form, with whatever headers."""
    body = json.dumps(form).encode()
    length = f"Content-Length: {len(body)}"
    line = f"POST /api/v1/{path} HTTP/1.1"
    return ask(service, line, "Content-Type: application/json", length, *headers, **of, body=body)


class TestHost:
    def test_of_somebody_else_is_refused(self, service: Service, held: Held) -> None:
        for name, host in HOSTS.items():
            for path in ("/api/v1/health/live/", "/api/v1/auth/login/", "/admin/login/", "/"):
                line = f"GET {path} HTTP/1.1"
                reply = ask(service, line, f"Host: {host}", host="")
                assert reply.status == 400, (name, path)
                assert EVIL.encode() not in reply.body, (name, path)
                assert "location" not in reply.headers, (name, path)
        figure = f"{len(HOSTS)} hosts refused, {len(FORWARDED)} headers not believed"
        held("Forged Host and X-Forwarded-*", figure)

    def test_has_to_be_named(self, service: Service) -> None:
        assert ask(service, LIVE, host="").status == 400
        assert ask(service, LIVE.replace("1.1", "1.0"), host="localhost").status == 200

    def test_is_not_replaced_by_another_header(self, service: Service) -> None:
        for header in FORWARDED:
            for source in (OTHER_ADDRESS, TRUSTED_ADDRESS):
                assert ask(service, LIVE, header, host=EVIL, source=source).status == 400, header
                assert ask(service, LIVE, header, source=source).status == 200, header


class TestForwardedHeaders:
    def test_of_anybody_move_no_link(self, service: Service, ada: Account) -> None:
        token = f"Authorization: Bearer {ada.access}"
        for source in (OTHER_ADDRESS, TRUSTED_ADDRESS):
            headers = [line for line in FORWARDED if "Proto: " not in line]
            page = json.loads(ask(service, SESSIONS, token, *headers, source=source).body)
            link = urlsplit(page["next"])
            assert (link.scheme, link.netloc) == ("http", "localhost")

    def test_of_a_stranger_are_no_https(self, service: Service, ada: Account) -> None:
        token = f"Authorization: Bearer {ada.access}"
        reply = ask(service, SESSIONS, token, *FORWARDED)
        assert "strict-transport-security" not in reply.headers
        assert json.loads(reply.body)["next"].startswith("http://localhost/")
        proxied = ask(service, SESSIONS, token, *FORWARDED, source=TRUSTED_ADDRESS)
        assert "strict-transport-security" in proxied.headers
        assert json.loads(proxied.body)["next"].startswith("https://localhost/")

    def test_of_a_stranger_are_no_address(self, service: Service) -> None:
        for header in FORWARDED:
            assert seen_as(service, header) == OTHER_ADDRESS, header
        assert seen_as(service, *FORWARDED) == OTHER_ADDRESS

    def test_of_the_proxy_are_one_by_one_name_and_from_the_right(self, service: Service) -> None:
        trusted = f"X-Forwarded-For: {ELSEWHERE}"
        for header in FORWARDED:
            expected = ELSEWHERE if header == trusted else TRUSTED_ADDRESS
            assert seen_as(service, header, source=TRUSTED_ADDRESS) == expected, header
        for chain in (f"127.0.0.9, {ELSEWHERE}", f"x, {ELSEWHERE}", f"::1,{ELSEWHERE}"):
            header = f"X-Forwarded-For: {chain}"
            assert seen_as(service, header, source=TRUSTED_ADDRESS) == ELSEWHERE, header

    @pytest.mark.parametrize("name", ["X_Forwarded_For", "x-forwarded_for", "X_FORWARDED-FOR"])
    def test_are_not_shadowed_by_another_spelling(self, service: Service, name: str) -> None:
        forged, real = f"{name}: 198.51.100.7", f"X-Forwarded-For: {ELSEWHERE}"
        for headers in ((forged, real), (real, forged)):
            assert seen_as(service, *headers, source=TRUSTED_ADDRESS) == ELSEWHERE
        assert seen_as(service, forged, source=TRUSTED_ADDRESS) == TRUSTED_ADDRESS

    def test_buy_no_further_login(self, service: Service, ada: Account) -> None:
        form = {"email": ada.email, "password": "wrong horse battery 9"}
        answers = [
            post(service, "auth/login/", form, f"X-Forwarded-For: 203.0.113.{n}", *FORWARDED).status
            for n in range(2 * LOGINS)
        ]
        assert {*answers[:LOGINS]} <= {401, 429}  # there have been others before
        assert answers[LOGINS:] == [429] * LOGINS


class TestMails:
    def test_lead_to_the_frontend_whoever_asks(
        self, service: Service, ada: Account, folder: Path
    ) -> None:
        form = {"email": ada.email}
        assert post(service, RESET, form, *FORWARDED).status == 202
        for host in HOSTS.values():
            assert post(service, RESET, form, f"Host: {host}", host="").status == 400
        until(lambda: "/reset-password?" in written(folder))
        text = written(folder)
        links = {*re.findall(r"https?:[^\s\"'<>]+", text)}
        assert {urlsplit(link)._replace(path="", query="").geturl() for link in links} == {FRONTEND}
        assert len([link for link in links if "/reset-password?" in link]) == 1
        for forged in (EVIL, ELSEWHERE, ":666"):
            assert forged not in text


def written(folder: Path) -> str:
    """All parts of all mails that people read."""
    mails = [message_from_bytes(it.read_bytes(), policy=default) for it in folder.glob("*.eml")]
    parts = [part for mail in mails for part in mail.walk() if not part.is_multipart()]
    return "\n".join(part.get_content() for part in parts)
