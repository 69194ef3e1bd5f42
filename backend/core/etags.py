"""Versions of single resources on the wire: ``ETag``, ``If-None-Match``, ``If-Match`` (RFC 9110).

A tag is a row's version, and where a resource has several shapes, the name of the one answered:
``"7"``, ``"7.staff"``. Both name the same row, so either will do for a change.
"""

import re
from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags

from backend.core.errors import PreconditionFailed

_TAG = re.compile(r'"([0-9]{1,18})(?:\.[a-z]+)?"')


def mark(response: HttpResponse, version: int, *, shape: str = "") -> None:
    """Tell the version of what is being answered."""
    response["ETag"] = f'"{version}.{shape}"' if shape else f'"{version}"'


def fresh(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The answer to a read, or 304 where the caller has named its tag in ``If-None-Match``."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if header is None or request.method != "GET" or "ETag" not in response:
        return response
    seen = {tag.removeprefix("W/") for tag in parse_etags(header)}
    if not seen & {"*", response["ETag"]}:
        return response
    return HttpResponseNotModified(headers={"ETag": response["ETag"]})


@dataclass(frozen=True, slots=True)
class Precondition:
    """Which versions of a resource a change is meant for; None is any."""

    versions: frozenset[int] | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """Read ``If-Match``. A tag that is weak, or none of ours, names no version."""
        header = request.META.get("HTTP_IF_MATCH")
        if header is None or header.strip() == "*":
            return cls()
        found = (_TAG.fullmatch(tag.strip()) for tag in header.split(","))
        return cls(frozenset(int(match[1]) for match in found if match))

    def require(self, version: int) -> None:
        """Go on only with a version that is meant.

        Raises:
            PreconditionFailed: it is another one.
        """
        if self.versions is not None and version not in self.versions:
            raise PreconditionFailed


ANY = Precondition()
