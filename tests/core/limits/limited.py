"""Callers of limited operations, and what the answers tell of the limits."""

import re

from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient, InProcess

NEW = "another horse battery 9"
HEADERS = {"ratelimit", "ratelimit-policy"}
FORGED = ["203.0.113.9", "203.0.113.9, 198.51.100.1", "127.0.0.1", "::1", "x", ""]


def from_address(address: str, **headers: str) -> InProcess:
    """A caller from an address."""
    client = InProcess()
    client.django.defaults["REMOTE_ADDR"] = address
    for name, value in headers.items():
        client.django.defaults[f"HTTP_{name.upper()}"] = value
    return client


def log_in(client: ApiClient, password: str = PASSWORD, email: str = "ada@example.com") -> Answer:
    return client.post("auth/login/", {"email": email, "password": password})


def guess(client: ApiClient, email: str = "ada@example.com") -> Answer:
    """Try a wrong password."""
    return log_in(client, "wrong horse battery 9", email)


def change_password(account: Account, current: str) -> Answer:
    body = {"current_password": current, "new_password": NEW, "new_password_confirm": NEW}
    return account.client.post("auth/password/change/", body, token=account.access)


def limit_of(answer: Answer) -> tuple[str, int, int, int, int]:
    """What the two headers say: name, quota, window, remaining, seconds."""
    policy = re.fullmatch(r'"(\w+)";q=(\d+);w=(\d+)', answer.headers["ratelimit-policy"])
    state = re.fullmatch(r'"(\w+)";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert policy, answer.headers
    assert state, answer.headers
    assert policy[1] == state[1]
    return policy[1], int(policy[2]), int(policy[3]), int(state[2]), int(state[3])
