import json
import sys

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from backend.core.errors import (
    InvalidJSON,
    LengthRequired,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from backend.core.http.json_body import MAX_DEPTH, StrictJSONParser, parse, refuse_by_headers

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
STORABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)

REFUSED = {
    "nothing": b"",
    "blanks": b" \n ",
    "a word": b"hello",
    "single quotes": b"{'a': 1}",
    "a trailing comma": b'{"a": 1,}',
    "a comment": b'{"a": 1} // why',
    "two values": b"{} {}",
    "cut off": b'{"a": "b',
    "an unquoted key": b"{a: 1}",
    "a raw newline in a string": b'{"a": "b\nc"}',
    "a bad escape": rb'{"a": "\x41"}',
    "a key twice": b'{"a": 1, "a": 1}',
    "a key twice, nested": b'{"a": [{"b": {"c": 1, "c": 2}}]}',
    "a key twice, once escaped": rb'{"a": 1, "\u0061": 2}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": [Infinity]}',
    "minus Infinity": b"-Infinity",
    "a number beyond floats": b'{"a": 1e999}',
    "a number beyond floats, negative": b"[-1e999]",
    "an integer of thousands of digits": b"[" + b"9" * 5000 + b"]",
    "a leading zero": b"[012]",
    "hex": b"[0x1f]",
    "a plus": b"[+1]",
    "bad UTF-8": b'{"a": "\xff"}',
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "Latin-1": '{"a": "ü"}'.encode("latin-1"),
    "an escaped NUL": rb'{"a": "\u0000"}',
    "an escaped NUL in a key": rb'{"\u0000": 1}',
    "an escaped NUL, nested": rb'{"a": [{"b": "x\u0000y"}]}',
    "a NUL behind the value": b"{}\0",
    "a lone high surrogate": rb'{"a": "\ud800"}',
    "a lone low surrogate": rb'{"a": "\udc00"}',
    "surrogates in the wrong order": rb'{"a": "\udc00\ud800"}',
    "a lone surrogate in a key": rb'{"\ud83d": 1}',
    "arrays too deep": b"[" * 33 + b"]" * 33,
    "objects too deep": b'{"a":' * 33 + b"1" + b"}" * 33,
    "100,000 brackets": b"[" * 100_000,
    "100,000 brackets, closed": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
}


class TestParse:
    @given(STORABLE)
    def test_reads_what_can_be_stored(self, value: object) -> None:
        assert parse(json.dumps(value).encode()) == value

    @given(STORABLE)
    def test_reads_it_unescaped_as_well(self, value: object) -> None:
        assert parse(json.dumps(value, ensure_ascii=False).encode()) == value

    @given(st.binary(max_size=200))
    def test_refuses_or_reads_whatever_comes(self, body: bytes) -> None:
        try:
            value = parse(body)
        except InvalidJSON:
            return
        assert "\0" not in json.dumps(value, ensure_ascii=False)
        assert json.loads(body) == value

    @pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
    def test_refuses(self, body: bytes) -> None:
        with pytest.raises(InvalidJSON):
            parse(body)

    def test_reads_32_levels(self) -> None:
        assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
        assert parse(b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH)

    def test_counts_levels_not_brackets(self) -> None:
        assert parse(b"[" + b",".join([b"[[]]"] * 1000) + b"]")

    def test_reads_a_pair_of_surrogates(self) -> None:
        assert parse(rb'{"a": "\ud83d\ude00"}') == {"a": "😀"}

    def test_reads_a_large_integer_exactly(self) -> None:
        assert parse(b"[123456789012345678901234567890]") == [123456789012345678901234567890]

    def test_tells_nothing_of_the_body(self) -> None:
        with pytest.raises(InvalidJSON) as refused:
            parse(b'{"password": "hunter2", "password": "hunter2"}')
        assert "hunter2" not in str(refused.value)

    def test_leaves_the_recursion_limit_alone(self) -> None:
        before = sys.getrecursionlimit()
        with pytest.raises(InvalidJSON):
            parse(b"[" * 100_000)
        assert sys.getrecursionlimit() == before


class TestParser:
    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            'application/json; charset="utf-8"',
            "APPLICATION/JSON",
            "application/json; profile=x",
        ],
    )
    def test_takes_json_in_utf_8(self, content_type: str) -> None:
        request = RequestFactory().post("/", b"{}", content_type=content_type)
        assert StrictJSONParser().parse_body(request) == {}

    @pytest.mark.parametrize(
        "content_type",
        [
            "",
            "text/plain",
            "text/json",
            "application/jsonp",
            "application/json-patch+json",
            "application/problem+json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=latin-1",
            "application/json; charset=utf-16",
            "json",
            "application/json, text/plain",
            "*/*",
        ],
    )
    def test_refuses_any_other(self, content_type: str) -> None:
        request = RequestFactory().post("/", b"{}", content_type=content_type)
        with pytest.raises(UnsupportedMediaType):
            StrictJSONParser().parse_body(request)


class TestRefuseByHeaders:
    def test_lets_a_body_at_the_limit_pass(self, settings: Settings) -> None:
        settings.MAX_BODY_BYTES = 10
        refuse_by_headers(RequestFactory(CONTENT_LENGTH="10").get("/"))

    def test_refuses_one_byte_more(self, settings: Settings) -> None:
        settings.MAX_BODY_BYTES = 10
        with pytest.raises(PayloadTooLarge):
            refuse_by_headers(RequestFactory(CONTENT_LENGTH="11").get("/"))

    def test_refuses_chunks(self) -> None:
        with pytest.raises(LengthRequired):
            refuse_by_headers(RequestFactory(HTTP_TRANSFER_ENCODING="chunked").get("/"))

    @pytest.mark.parametrize("length", ["ten", "1.5", "1e3", "0x10"])
    def test_refuses_a_length_that_is_none(self, length: str) -> None:
        with pytest.raises(LengthRequired):
            refuse_by_headers(RequestFactory(CONTENT_LENGTH=length).get("/"))

    @pytest.mark.parametrize("length", ["", "0"])
    def test_needs_no_length_without_a_body(self, length: str) -> None:
        refuse_by_headers(RequestFactory(CONTENT_LENGTH=length).get("/"))
