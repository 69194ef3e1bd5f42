"""The ``Idempotency-Key`` of a request."""

import re

from django.http import HttpRequest

from backend.core.context import GIVEN_NAME
from backend.idempotency.errors import KeyInvalid

_HEADER = "HTTP_IDEMPOTENCY_KEY"
_KEY = re.compile(GIVEN_NAME)


def key_of(request: HttpRequest) -> str:
    """The key; ``""`` where there is no such header.

    Raises:
        KeyInvalid: the header is no key.
    """
    if not has_key(request):
        return ""
    key: str = request.META[_HEADER]
    if not _KEY.fullmatch(key):
        raise KeyInvalid
    return key


def has_key(request: HttpRequest) -> bool:
    """Whether there is such a header, whatever it says."""
    return _HEADER in request.META
