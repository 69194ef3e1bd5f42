"""People who are signed in where the way in is not the subject: rows instead of requests."""

from typing import Any

from backend.testing import callers
from backend.testing.accounts import Account
from backend.testing.client import ApiClient


def signed_in(client: ApiClient, **fields: Any) -> Account:
    """Somebody who is signed in; neither a mail nor an event tells of it."""
    caller = callers.sign_in(**fields)
    return Account(client, caller.email, caller.password, caller.access, caller.refresh)
