"""Gzip bombs: nothing is unpacked for anybody."""

import json
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from backend.testing import accounts
from backend.testing.accounts import Account
from tests.attacks.peer import request, talk
from tests.figures import Held
from tests.service import Service

MEBIBYTE = 1 << 20
LAST = "Connection: close"
UNPACKED_MEBIBYTES = 700  # of a body that is just not too large
GROWTH_MEBIBYTES = 64
REFUSED = {400, 411, 413, 415}
PRIVATE = {"PATCH users/me/", "POST auth/password/change/", "POST users/me/delete/"}
OPERATIONS = {"POST auth/login/", "POST auth/register/", "POST auth/refresh/", *PRIVATE}


@cache
def bomb(wbits: int) -> bytes:
    """A stream that says 700 MiB in less than one: the same packed block again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(MEBIBYTE)
    head = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * (UNPACKED_MEBIBYTES - 1)


def unpacked_of(packed: bytes, wbits: int, enough: int) -> int:
    """How large a stream becomes, in mebibytes, as far as it is unpacked."""
    unpacker, size = zlib.decompressobj(wbits), 0
    while packed and size < enough * MEBIBYTE:
        size += len(unpacker.decompress(packed, MEBIBYTE))
        packed = unpacker.unconsumed_tail
    return size // MEBIBYTE


GZIP, ZLIB, RAW = 31, 15, -15
CODINGS = {
    "Content-Encoding: gzip": GZIP,
    "Content-Encoding: x-gzip": GZIP,
    "Content-Encoding: gzip, gzip": GZIP,
    "Content-Encoding: deflate": ZLIB,
    "Content-Encoding: DEFLATE": RAW,
    "Content-Encoding: br": RAW,
    "Content-Encoding: zstd": RAW,
    "Transfer-Encoding: gzip, chunked": GZIP,
    "TE: gzip": GZIP,
    "Content-Type: application/gzip": GZIP,
}


def memory_of(service: Service) -> int:
    """The most that any process of a service has ever had, in MiB."""
    master = service.process.pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    sizes = [
        int(line.split()[1]) >> 10
        for child in children
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return max(sizes)


class TestBomb:
    @pytest.fixture
    def ada(self, service: Service) -> Iterator[Account]:
        client = service.client()
        yield accounts.signed_in(client)
        client.session.close()

    @pytest.mark.parametrize("wbits", [GZIP, ZLIB, RAW])
    def test_is_one(self, wbits: int) -> None:
        packed = bomb(wbits)
        assert len(packed) < MEBIBYTE
        assert unpacked_of(packed, wbits, 2 * GROWTH_MEBIBYTES) == 2 * GROWTH_MEBIBYTES

    def test_is_refused_packed(self, service: Service, ada: Account, held: Held) -> None:
        before, sent, slowest = memory_of(service), 0, 0.0
        for operation in sorted(OPERATIONS):
            method, _, path = operation.partition(" ")
            token = f"Authorization: Bearer {ada.access}" if operation in PRIVATE else "X-A: y"
            for coding, wbits in CODINGS.items():
                body = bomb(wbits)
                lines = [coding, token]
                if not coding.startswith("Content-Type"):
                    lines.append("Content-Type: application/json")
                if not coding.startswith("Transfer"):
                    lines.append(f"Content-Length: {len(body)}")
                line = f"{method} /api/v1/{path} HTTP/1.1"
                told = talk(service.url, request(line, *lines, LAST, body=body))
                if told.replies or not coding.startswith("Transfer"):
                    assert told.only.status in REFUSED, (operation, coding)
                    assert json.loads(told.only.body)["status_code"] == told.only.status
                sent, slowest = sent + 1, max(slowest, told.seconds)
        grown = memory_of(service) - before
        assert grown < GROWTH_MEBIBYTES
        assert slowest < 2
        held(
            "Gzip bombs", f"{sent} of {UNPACKED_MEBIBYTES} MiB refused, memory grew by {grown} MiB"
        )

    def test_is_not_made_for_those_who_ask(self, service: Service) -> None:
        line = "GET /api/v1/schema/ HTTP/1.1"
        told = talk(service.url, request(line, "Accept-Encoding: gzip, br", LAST))
        assert told.only.status == 200
        assert "content-encoding" not in told.only.headers
        assert json.loads(told.only.body)["openapi"]
