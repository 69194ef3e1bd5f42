"""Forms of the way in, sent; and what ends the links that were mailed."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.authentication import links
from backend.authentication.models import Purpose
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient
from backend.testing.mails import Mails
from backend.testing.staff import user_of
from backend.users.models import User

NEW = "another horse battery 9"
SENT = {"X-Request-ID": "the-request-id", "User-Agent": "curl/8.5.0"}


def ask(client: ApiClient, email: str, **headers: str) -> Answer:
    """Ask for a link."""
    return client.post("auth/password/reset/", {"email": email}, headers=headers)


def confirm(client: ApiClient, token: str, /, **changes: object) -> Answer:
    """Send the form, changed."""
    form = {"token": token, "password": NEW, "password_confirm": NEW}
    body = {name: value for name, value in {**form, **changes}.items() if value is not ...}
    return client.post("auth/password/reset/confirm/", body, headers=SENT)


def change(
    account: Account, email: object = "ada@new.example.com", password: object = PASSWORD
) -> Answer:
    """Ask to move to another address."""
    body = {"email": email, "password": password}
    body = {name: value for name, value in body.items() if value is not ...}
    return account.client.post("auth/email/change/", body, token=account.access, headers=SENT)


def verify(client: ApiClient, token: object, **fields: object) -> Answer:
    """Hand a mailed token in."""
    return client.post("auth/email/verify/", {"token": token, **fields}, headers=SENT)


def object_to(client: ApiClient, token: object, **fields: object) -> Answer:
    """Say: this wasn't me."""
    return client.post("auth/not-me/", {"token": token, **fields}, headers=SENT)


def can_log_in(account: Account, password: str) -> bool:
    """Whether the password is the account's."""
    return Account(account.client, account.email, password).log_in().status == 200


def asked(answer_of: Callable[[], Answer]) -> tuple[Any, ...]:
    """Everything that could tell one request from another."""
    with CaptureQueriesContext(connection) as queries:
        answer = answer_of()
    personal = {"x-request-id", "ratelimit"}
    headers = {name: value for name, value in answer.headers.items() if name not in personal}
    return answer.status, answer.body, headers, shape(queries)


def shape(queries: CaptureQueriesContext) -> list[str]:
    """What was asked, without the values."""
    return [
        re.sub(r"'(?:[^']|'')*'|\b\d+\b|\bs\d+_x\d+\b", "?", query["sql"])
        for query in queries.captured_queries
    ]


def change_password(account: Account, mails: Mails) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    answer = account.client.post("auth/password/change/", body, token=account.access)
    assert answer.status == 204


def change_email(account: Account, mails: Mails) -> None:
    form = {"email": "moved@example.com", "password": PASSWORD}
    account.client.post("auth/email/change/", form, token=account.access)
    token = mails.last("moved@example.com").token
    assert account.client.post("auth/email/verify/", {"token": token}).status == 204


def delete(account: Account, mails: Mails) -> None:
    form = {"password": PASSWORD}
    answer = account.client.post("users/me/delete/", form, token=account.access)
    assert answer.status == 204


def disable(account: Account, mails: Mails) -> None:
    User.objects.update(is_active=False)


def object_to_it(account: Account, mails: Mails) -> None:
    link = links.issue(Purpose.NOT_ME, user_of(account), now=timezone.now())
    answer = account.client.post("auth/not-me/", {"token": links.token(link)})
    assert answer.status == 204
