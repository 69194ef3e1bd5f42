"""Calls that are made at the same moment."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from backend.testing import races
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import Answer, ApiClient, InProcess
from tests.authentication.forms import NEW, confirm, object_to, verify
from tests.service import Service

type Call = Callable[[ApiClient], Answer]


def at_once(calls: Sequence[Call]) -> list[Answer]:
    """Make calls at the same moment, in process, each on a database connection of its own."""
    return races.at_once([partial(call, InProcess()) for call in calls])


@contextmanager
def crowd(service: Service, size: int) -> Iterator[Callable[[Sequence[Call]], list[Answer]]]:
    """So many callers with connections of their own, who can all call at the same moment."""
    clients = [service.client() for _ in range(size)]
    yield lambda calls: races.at_once([*map(partial, calls, clients)])
    for client in clients:
        client.session.close()


def posting(path: str, body: object = None, **options: Any) -> Call:
    """A call of one operation."""
    return lambda client: client.post(path, body, **options)


def refreshing(refresh: str, **headers: str) -> Call:
    """A call that spends a token."""
    return posting("auth/refresh/", {"refresh": refresh}, headers=headers)


def registering(email: str) -> Call:
    """A call that registers somebody."""
    body = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}
    return posting("auth/register/", body)


def logging_in(account: Account) -> Call:
    """A call that opens a session."""
    return posting("auth/login/", {"email": account.email, "password": account.password})


def changing_password(account: Account, new: str) -> Call:
    """A call that changes the password on one of the account's devices."""
    body = {
        "current_password": account.password,
        "new_password": new,
        "new_password_confirm": new,
    }
    return posting("auth/password/change/", body, token=account.access)


def confirming(token: str, new: str = NEW) -> Call:
    """A call that sets a password."""
    return lambda client: confirm(client, token, password=new, password_confirm=new)


def deleting(account: Account) -> Call:
    """A call that deletes an account."""
    body = {"password": account.password}
    return lambda client: client.post("users/me/delete/", body, token=account.access)


def verifying(token: str) -> Call:
    """A call that hands a mailed token in."""
    return lambda client: verify(client, token)


def objecting(token: str) -> Call:
    """A call that objects."""
    return lambda client: object_to(client, token)
