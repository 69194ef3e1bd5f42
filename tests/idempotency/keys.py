"""Requests with a key, and what came of them."""

from datetime import timedelta

from django.utils import timezone

from backend.idempotency.models import Reservation
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer

KEY = {"Idempotency-Key": "the-key"}
ADA = {"email": "ada@example.com", "password": PASSWORD, "password_confirm": PASSWORD}
SOMEBODY = "01a20b6d-f71b-7609-9d37-00be804fe5ee"


def rename(account: Account, name: str, **headers: str) -> Answer:
    """Change somebody's name, with the key."""
    return account.client.patch(
        "users/me/", {"first_name": name}, token=account.access, headers=KEY | headers
    )


def is_replayed(answer: Answer) -> bool:
    """Whether an answer had been given before."""
    return answer.headers.get("idempotent-replayed") == "true"


def age(by: timedelta) -> None:
    """Let the reservations be older."""
    Reservation.objects.update(reserved_at=timezone.now() - by)
