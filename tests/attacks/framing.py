"""Requests whose end two readers could see in different places, each with another behind it."""

from tests.attacks.peer import request

LOGIN = "POST /api/v1/auth/login/ HTTP/1.1"
LIVE = "GET /api/v1/health/live/ HTTP/1.1"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
END = b"0\r\n\r\n"  # of a body in chunks, and five bytes
MARK = "smuggled-in"


def smuggled(mark: str = MARK) -> bytes:
    """The request that must never be read as one; the log would tell its id."""
    return request(LIVE, f"X-Request-ID: {mark}")


def _login(*headers: str, body: bytes = END) -> bytes:
    return request(LOGIN, JSON, *headers, body=body + smuggled())


def _live(*headers: str) -> bytes:
    return request(LIVE, *headers, body=smuggled())


def _head(text: str) -> bytes:
    return text.encode("latin-1") + smuggled()


FIVE = "Content-Length: 5"
HEAD = "GET /api/v1/health/live/ HTTP/1.1\r\nHost: localhost"

# Two ways of saying where the body ends.
BOTH: dict[str, bytes] = {
    "CL.TE": _login(FIVE, CHUNKED),
    "TE.CL": _login(CHUNKED, FIVE),
    "TE.CL, the body a chunk": _login(
        CHUNKED, "Content-Length: 4", body=b"5e\r\n" + b"x" * 94 + b"\r\n" + END
    ),
    "CL.TE, both zero": _login("Content-Length: 0", CHUNKED, body=b""),
    "CL.0 and TE with a tab": _login("Content-Length: 0", "Transfer-Encoding:\tchunked"),
    "TE alone": _login(CHUNKED),
    "TE alone, broken chunks": _login(CHUNKED, body=b"-5\r\nx\r\n" + END),
    "TE alone, extended chunks": _login(CHUNKED, body=b"1;x=\n\r\n{\r\n" + END),
    "TE of HTTP/1.0": _login(CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    "TE by GET": _live(CHUNKED),
}
# A coding that one reader takes for `chunked`, and the other for nothing.
CODINGS: dict[str, bytes] = {
    value: _login(FIVE, f"Transfer-Encoding: {value}")
    for value in (
        "xchunked",
        "chunkedx",
        "x-chunked",
        '"chunked"',
        "'chunked'",
        "\x0bchunked",
        "\x00chunked",
        "chunked\x00",
        "\xa0chunked",
        "chunked;q=1",
        "cHuNkEd",
        "identity",
        "identity, chunked",
        "chunked, identity",
        "chunked, chunked",
        ", chunked",
        "gzip",
        "gzip, chunked",
        "",
    )
} | {
    "space before the colon": _login(FIVE, "Transfer-Encoding : chunked"),
    "tab before the colon": _login(FIVE, "Transfer-Encoding\t: chunked"),
    "tab after the colon": _login(FIVE, "Transfer-Encoding:\tchunked"),
    "folded": _login(FIVE, "Transfer-Encoding:\r\n chunked"),
    "folded name": _login(FIVE, "X: y\r\n Transfer-Encoding: chunked"),
    "behind a bare LF": _login(FIVE, "X: y\nTransfer-Encoding: chunked"),
    "behind a bare CR": _login(FIVE, "X: y\rTransfer-Encoding: chunked"),
    "twice": _login(CHUNKED, CHUNKED),
    "twice, once identity": _login(CHUNKED, "Transfer-Encoding: identity"),
    "twice, once unknown": _login("Transfer-Encoding: cow", CHUNKED),
    "a blank before the name": _login(FIVE, " Transfer-Encoding: chunked"),
    "name with NUL": _login(FIVE, "Transfer-Encoding\0: chunked"),
}
# A length that two readers take for different numbers.
LENGTHS: dict[str, bytes] = {
    value: _login(f"Content-Length: {value}", body=b"{}")
    for value in (
        "+2",
        "-1",
        "0x2",
        "2.0",
        "2e0",
        "1_0",
        "1 2",
        "2, 2",
        "2,90",
        "2;",
        "\xb2",  # a digit to Unicode
        "\x0b2",
        "2\x00",
        "two",
        "",
        "9" * 5_000,
    )
} | {
    "twice the same": _login("Content-Length: 2", "Content-Length: 2", body=b"{}"),
    "twice": _login("Content-Length: 2", "Content-Length: 90", body=b"{}"),
    "zero and two": _login("Content-Length: 0", "Content-Length: 2", body=b"{}"),
    "space before the colon": _login("Content-Length : 2", body=b"{}"),
    "folded": _login("Content-Length:\r\n 2", body=b"{}"),
}
# A head that two readers end in different places.
HEADS: dict[str, bytes] = {
    "LF for CRLF": _head(HEAD.replace("\r\n", "\n") + "\n\n"),
    "LF behind the request line": _head(HEAD.replace("\r\n", "\n", 1) + "\r\n\r\n"),
    "LF behind a header": _head(f"{HEAD}\nX: y\r\n\r\n"),
    "LF LF at the end": _head(f"{HEAD}\n\n"),
    "CRLF LF at the end": _head(f"{HEAD}\r\n\n"),
    "CR in a header": _head(f"{HEAD}\rX: y\r\n\r\n"),
    "CR at the end": _head(f"{HEAD}\r\r\n\r\n"),
    "NUL in a name": _live("X-\0A: y"),
    "NUL in a value": _live("X-A: y\0z"),
    "ESC in a value": _live("X-A: \x1b[2J"),
    "obs-fold": _live("X-A: y\r\n z"),
    "obs-fold with a tab": _live("X-A: y\r\n\tz"),
    "folded before the first": _head(f"{LIVE}\r\n Host: localhost\r\n\r\n"),
    "a blank in a name": _live("X A: y"),
    "a blank before the colon": _live("X-A : y"),
    "no colon": _live("X-A"),
    "no name": _live(": y"),
    "a name in brackets": _live("X(A): y"),
    "a name not ASCII": _live("X-Ä: y"),
    "two empty lines before": b"\r\n\r\n" + _live(),
}
# Another protocol, or none.
PROTOCOLS: dict[str, bytes] = {
    "HTTP/0.9": _head("GET /api/v1/health/live/\r\n\r\n"),
    "HTTP/0.9 by name": _head(HEAD.replace("1.1", "0.9") + "\r\n\r\n"),
    "HTTP/1.2": _head(HEAD.replace("1.1", "1.2") + "\r\n\r\n"),
    "HTTP/1.10": _head(HEAD.replace("1.1", "1.10") + "\r\n\r\n"),
    "HTTP/2.0 by name": _head(HEAD.replace("1.1", "2.0") + "\r\n\r\n"),
    "HTTP/2, prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
    "http in lower case": _head(HEAD.replace("HTTP", "http") + "\r\n\r\n"),
    "ICAP": _head(HEAD.replace("HTTP/1.1", "ICAP/1.0") + "\r\n\r\n"),
    "PROXY of HAProxy": b"PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n" + _live(),
    "PROXY, binary": (
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x09\x7f\0\0\x01\0\x01\0\x02" + _live()
    ),
    "TLS": b"\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03" + b"\0" * 200 + _live(),
    "a method in lower case": _head(HEAD.replace("GET", "get") + "\r\n\r\n"),
    "tabs for blanks": _head(HEAD.replace(" ", "\t", 2) + "\r\n\r\n"),
    "a fourth word": _head(HEAD.replace(" HTTP", " /x HTTP", 1) + "\r\n\r\n"),
}
AMBIGUOUS: dict[str, bytes] = {
    f"{kind}: {name}": sent
    for kind, cases in (
        ("both", BOTH),
        ("coding", CODINGS),
        ("length", LENGTHS),
        ("head", HEADS),
        ("protocol", PROTOCOLS),
    )
    for name, sent in cases.items()
}
