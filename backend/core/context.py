"""What belongs to the request under way: its id, for log lines, tasks and mails."""

import re
from contextvars import ContextVar

from backend.core.ids import uuid7

request_id: ContextVar[str] = ContextVar("request_id", default="")

# What callers may call their requests, and the keys of their requests.
GIVEN_NAME = r"[A-Za-z0-9._-]{1,128}"
_ACCEPTABLE = re.compile(GIVEN_NAME)


def accept_request_id(proposed: str | None) -> str:
    """Keep the caller's request id if it is harmless, otherwise make one."""
    if proposed and _ACCEPTABLE.fullmatch(proposed):
        return proposed
    return str(uuid7())
