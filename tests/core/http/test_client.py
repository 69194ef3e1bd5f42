from ipaddress import ip_network

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from backend.core.http.client import (
    NOBODY,
    USER_AGENT_LENGTH,
    Client,
    client_address,
    current,
    trust_forwarded_scheme,
)
from backend.core.http.middleware import RequestMiddleware

PROXY = "10.0.0.1"


@pytest.fixture(autouse=True)
def _trusted_proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]


def address(peer: str, *forwarded: str) -> str | None:
    """The client's address of a request from ``peer``."""
    headers = {"X-Forwarded-For": ", ".join(forwarded)} if forwarded else {}
    return client_address(RequestFactory(REMOTE_ADDR=peer).get("/", headers=headers))


class TestClientAddress:
    def test_is_the_peers(self) -> None:
        assert address("192.0.2.1") == "192.0.2.1"

    def test_is_not_what_a_stranger_claims(self) -> None:
        assert address("192.0.2.1", "203.0.113.9") == "192.0.2.1"

    def test_is_what_a_trusted_proxy_says(self) -> None:
        assert address(PROXY, "203.0.113.9") == "203.0.113.9"

    def test_is_the_rightmost_that_is_no_proxy(self) -> None:
        assert address(PROXY, "198.51.100.7", "203.0.113.9", "10.1.2.3") == "203.0.113.9"

    def test_is_a_proxys_own_when_it_names_nobody(self) -> None:
        assert address(PROXY) == PROXY
        assert address(PROXY, "") == PROXY

    def test_is_the_leftmost_when_all_are_proxies(self) -> None:
        assert address(PROXY, "10.9.9.9", "10.1.2.3") == "10.9.9.9"

    def test_stops_at_garbage(self) -> None:
        assert address(PROXY, "198.51.100.7", "garbage") == PROXY
        assert address(PROXY, "198.51.100.7", "unknown", "10.1.2.3") == "10.1.2.3"
        assert address(PROXY, "'; DROP TABLE--", "203.0.113.9") == "203.0.113.9"

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("203.0.113.9:8080", "203.0.113.9"),
            ("[2001:4860::1]:443", "2001:4860::1"),
            ("[2001:4860::1]", "2001:4860::1"),
        ],
    )
    def test_is_without_the_port_that_some_proxies_write(self, written: str, meant: str) -> None:
        assert address(PROXY, written) == meant

    def test_does_not_depend_on_how_a_header_is_split(self) -> None:
        assert address(PROXY, "6.6.6.6,203.0.113.9") == "203.0.113.9"
        assert address(PROXY, "6.6.6.6 ,  203.0.113.9 ") == "203.0.113.9"

    def test_is_ipv4_however_it_is_written(self) -> None:
        assert address("::ffff:192.0.2.1") == "192.0.2.1"
        assert address("::ffff:10.0.0.1", "203.0.113.9") == "203.0.113.9"
        assert address(PROXY, "::ffff:203.0.113.9") == "203.0.113.9"

    def test_is_one_text_for_one_ipv6_address(self) -> None:
        assert address("2001:DB9:0:0::1") == "2001:db9::1"
        assert address("2001:db8::1", "2001:DB9::0001") == "2001:db9::1"
        assert address("2001:db8::1", "[2001:db9::1]") == "2001:db9::1"
        assert address("fe80::1%eth0") == "fe80::1"

    def test_is_none_behind_a_socket_file(self) -> None:
        assert address("") is None
        assert address("", "203.0.113.9") is None

    def test_is_the_peers_without_any_proxy(self, settings: Settings) -> None:
        settings.TRUSTED_PROXIES = []
        assert address(PROXY, "203.0.113.9") == PROXY


class TestClient:
    def test_knows_address_and_software(self) -> None:
        request = RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers={"User-Agent": "curl/8"})
        assert Client.of(request) == Client("192.0.2.1", "curl/8")

    def test_may_have_no_software(self) -> None:
        assert Client.of(RequestFactory().get("/")).user_agent == ""

    def test_cuts_a_long_name(self) -> None:
        request = RequestFactory().get("/", headers={"User-Agent": "x" * 10_000})
        assert Client.of(request).user_agent == "x" * USER_AGENT_LENGTH

    def test_stores_no_control_characters(self) -> None:
        request = RequestFactory().get("/", headers={"User-Agent": "a\x00b\x1b[31mc\nd\ud800"})
        agent = Client.of(request).user_agent
        assert agent.isprintable()
        assert agent == "a�b�[31mc�d�"

    def test_is_read_once(self) -> None:
        request = RequestFactory(REMOTE_ADDR="192.0.2.1").get("/")
        assert Client.of(request) is Client.of(request)


class TestCurrent:
    def test_is_nobody_without_a_request(self) -> None:
        assert current.get() == NOBODY == Client(None, "")

    def test_is_who_is_calling_until_they_are_answered(self) -> None:
        seen = []

        def answer(request: HttpRequest) -> HttpResponse:
            seen.append(current.get())
            return HttpResponse()

        request = RequestFactory(REMOTE_ADDR=PROXY).get(
            "/", headers={"User-Agent": "curl/8", "X-Forwarded-For": "203.0.113.9"}
        )
        RequestMiddleware(answer)(request)
        assert seen == [Client("203.0.113.9", "curl/8")]
        assert current.get() is NOBODY

    def test_ends_with_a_request_that_fails(self) -> None:
        def fail(request: HttpRequest) -> HttpResponse:
            raise KeyError

        with pytest.raises(KeyError):
            RequestMiddleware(fail)(RequestFactory().get("/"))
        assert current.get() is NOBODY


GECKO = "Mozilla/5.0 ({}) Gecko/20100101 Firefox/150.0"
WEBKIT = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) {}"
X11, MAC = "X11; Linux x86_64", "Macintosh; Intel Mac OS X 10_15_7"
WINDOWS, ANDROID = "Windows NT 10.0; Win64; x64", "Linux; Android 16; Pixel 9"
IPHONE = "iPhone; CPU iPhone OS 19_0 like Mac OS X"
IPAD = "iPad; CPU OS 19_0 like Mac OS X"
DEVICES = {
    "Firefox on Linux": GECKO.format("X11; Linux x86_64; rv:150.0"),
    "Firefox on Windows": GECKO.format(f"{WINDOWS}; rv:150.0"),
    "Firefox on Android": GECKO.format("Android 16; Mobile; rv:150.0"),
    "Firefox on iPhone": WEBKIT.format(IPHONE, "FxiOS/150.0 Mobile/15E148 Safari/605.1.15"),
    "Chrome on Linux": WEBKIT.format(X11, "Chrome/160.0.0.0 Safari/537.36"),
    "Chrome on ChromeOS": WEBKIT.format("X11; CrOS x86_64", "Chrome/160.0.0.0 Safari/537.36"),
    "Chrome on Android": WEBKIT.format(ANDROID, "Chrome/160.0.0.0 Mobile Safari/537.36"),
    "Chrome on iPad": WEBKIT.format(IPAD, "CriOS/160.0 Mobile/15E148 Safari/604.1"),
    "Safari on iPhone": WEBKIT.format(IPHONE, "Version/19.0 Mobile/15E148 Safari/604.1"),
    "Safari on macOS": WEBKIT.format(MAC, "Version/19.0 Safari/605.1.15"),
    "Edge on Windows": WEBKIT.format(WINDOWS, "Chrome/160.0.0.0 Safari/537.36 Edg/160.0.0.0"),
    "Opera on macOS": WEBKIT.format(MAC, "Chrome/160.0.0.0 Safari/537.36 OPR/130.0.0.0"),
    "Samsung Internet on Android": WEBKIT.format(
        ANDROID, "SamsungBrowser/30.0 Chrome/140.0.0.0 Mobile Safari/537.36"
    ),
    "curl": "curl/8.15.0",
    "a Python program": "python-requests/2.34.2",
    "an unknown program on Android": "okhttp-app (Android 16)",
    "an unknown device": "",
}


class TestDevice:
    @pytest.mark.parametrize(("device", "agent"), DEVICES.items())
    def test_is_recognised(self, device: str, agent: str) -> None:
        assert Client(None, agent).device == device

    @pytest.mark.parametrize(
        "agent", ["see https://evil.example", "<b>Firefox</b>", "\n\n", "x" * 400]
    )
    def test_is_never_the_callers_text(self, agent: str) -> None:
        assert Client(None, agent).device == "an unknown device"


class TestTrustForwardedScheme:
    @pytest.mark.parametrize(
        ("peer", "forwarded", "secure"),
        [
            (PROXY, "https", True),
            (PROXY, " HTTPS ", True),
            (PROXY, "http", False),
            (PROXY, "https, http", False),
            (PROXY, "ftp", False),
            (PROXY, "", False),
            ("192.0.2.1", "https", False),
            ("", "https", False),
        ],
    )
    def test_believes_proxies_only(self, peer: str, forwarded: str, secure: bool) -> None:
        request = RequestFactory(REMOTE_ADDR=peer).get(
            "/", headers={"X-Forwarded-Proto": forwarded}
        )
        trust_forwarded_scheme(request)
        assert request.is_secure() is secure

    def test_lets_a_proxy_say_http_too(self) -> None:
        request = RequestFactory(REMOTE_ADDR=PROXY).get(
            "/", secure=True, headers={"X-Forwarded-Proto": "http"}
        )
        trust_forwarded_scheme(request)
        assert not request.is_secure()

    def test_leaves_the_scheme_alone_without_the_header(self) -> None:
        request = RequestFactory(REMOTE_ADDR=PROXY).get("/", secure=True)
        trust_forwarded_scheme(request)
        assert request.is_secure()
