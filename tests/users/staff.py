"""Asking for users as staff do."""

from urllib.parse import urlencode

from backend.testing.accounts import Account
from backend.testing.client import Answer

PLAIN_FIELDS = {
    *("id", "email", "email_verified", "first_name", "last_name"),
    *("is_staff", "created_at", "updated_at"),
}
STAFF_FIELDS = {*PLAIN_FIELDS, "is_active", "is_superuser", "last_login"}


def listing(caller: Account, **parameters: object) -> Answer:
    """Ask for a page."""
    return caller.client.get(f"users/?{urlencode(parameters)}", token=caller.access)


def emails_in(answer: Answer) -> list[str]:
    """Whom a page shows, in its order."""
    assert answer.status == 200, answer
    return [user["email"] for user in answer.json["results"]]
