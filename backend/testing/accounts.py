"""Accounts made through the front door, in process or over the wire.

Where the way in is not the subject, ``callers`` are cheaper.
"""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any

from backend.testing.client import Answer, ApiClient

PASSWORD = "correct horse battery 9"  # noqa: S105  (of people who exist in tests alone)
_numbers = count(1)


@dataclass
class Account:
    """Somebody who is registered, and perhaps logged in."""

    client: ApiClient
    email: str
    password: str = PASSWORD
    access: str = ""
    refresh: str = ""

    def log_in(self, **headers: str) -> Answer:
        """Open a further session and use it from now on."""
        body = {"email": self.email, "password": self.password}
        answer = self.client.post("auth/login/", body, headers=headers)
        if answer.status == HTTPStatus.OK:
            self.access, self.refresh = answer.json["access"], answer.json["refresh"]
        return answer

    def spend(self, refresh: str | None = None, **headers: str) -> Answer:
        """Exchange a refresh token, by default the latest."""
        body = {"refresh": self.refresh if refresh is None else refresh}
        return self.client.post("auth/refresh/", body, headers=headers)

    def me(self, access: str | None = None) -> Answer:
        """Read the own account."""
        return self.client.get("users/me/", token=self.access if access is None else access)


def new_address() -> str:
    """An address that nobody else has in this run."""
    return f"somebody{next(_numbers)}@example.com"


def register(client: ApiClient, **fields: Any) -> Account:
    """Register somebody."""
    email = fields.pop("email", None) or new_address()
    body = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD, **fields}
    answer = client.post("auth/register/", body)
    answer.require(HTTPStatus.CREATED)
    return Account(client, answer.json["email"], body["password"])


def signed_in(client: ApiClient, **fields: Any) -> Account:
    """Register somebody and log them in."""
    account = register(client, **fields)
    account.log_in().require(HTTPStatus.OK)
    return account
