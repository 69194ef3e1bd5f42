"""The body of a request: refused by its headers where it can be, parsed strictly where not."""

import json
import math
from collections.abc import Iterable
from email.message import Message
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.parser import Parser

from backend.core.errors import (
    InvalidJSON,
    LengthRequired,
    PayloadTooLarge,
    UnsupportedMediaType,
)

MAX_DEPTH = 32


def refuse_by_headers(request: HttpRequest) -> None:
    """Judge a body by its headers alone, before a byte of it is read.

    Raises:
        LengthRequired: it comes in chunks.
        PayloadTooLarge: it is over ``MAX_BODY_BYTES``.
    """
    if "HTTP_TRANSFER_ENCODING" in request.META:
        raise LengthRequired
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise LengthRequired from None
    if length > settings.MAX_BODY_BYTES:
        raise PayloadTooLarge


class StrictJSONParser(Parser):
    """Ninja's door for bodies. What comes through can be stored as text and as a number."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Parse a body that is not empty.

        Raises:
            UnsupportedMediaType: it is packed, or not ``application/json`` in UTF-8.
            InvalidJSON: it is not JSON, or not storable.
        """
        refuse_by_type(request)
        return parse(request.body)


def refuse_by_type(request: HttpRequest) -> None:
    """Judge what a body is said to be.

    Raises:
        UnsupportedMediaType: it is packed, or not ``application/json`` in UTF-8.
    """
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedMediaType
    _require_json(request.META.get("CONTENT_TYPE", ""))


def parse(body: bytes) -> Any:
    """Parse JSON as RFC 8259 and I-JSON (RFC 7493) have it.

    Raises:
        InvalidJSON: for bad syntax or UTF-8, a key given twice, ``NaN``, infinities, nesting deeper
            than 32, NUL characters and lone surrogates.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise InvalidJSON("The body is nested too deeply") from None
    except ValueError:  # bad UTF-8, bad syntax, an integer of thousands of digits
        raise InvalidJSON from None
    _check(value, depth=1)
    return value


def _require_json(content_type: str) -> None:
    if content_type == "application/json":  # as nearly everybody says it
        return
    message = Message()
    message["Content-Type"] = content_type
    charset = message.get_param("charset", "utf-8")
    if message.get_content_type() != "application/json" or str(charset).lower() not in {
        "utf-8",
        "utf8",
    }:
        raise UnsupportedMediaType


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise InvalidJSON("The body names a key twice")
        result[key] = value
    return result


def _refuse_constant(_: str) -> None:
    raise InvalidJSON("NaN and Infinity are not JSON")


def _check(value: object, *, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidJSON("A number is out of range")
    elif isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise InvalidJSON("The body is nested too deeply")
        for key in value if isinstance(value, dict) else ():
            _check_text(key)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, depth=depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise InvalidJSON("The body contains a NUL character")
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidJSON("The body contains a lone surrogate")
