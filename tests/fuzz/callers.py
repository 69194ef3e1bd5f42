"""Who sends generated requests: nobody, somebody with a token, a superuser."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from schemathesis import AuthProvider, Case, Response

from backend.core.examples import PASSWORD
from backend.testing import accounts
from backend.testing.accounts import Account
from tests.service import Service

ANONYMOUS, USER, SUPERUSER = "anonymous", "signed in", "superuser"
NAMES = (ANONYMOUS, USER, SUPERUSER)
_numbers = count(1)


@dataclass
class Caller:
    """Somebody who goes on, whatever their requests do to their sessions and their account."""

    name: str
    recruit: Callable[[], Account] | None
    account: Account | None = None
    is_signed_out: bool = True

    def token(self) -> str | None:
        """An access token that is good now; nobody has none."""
        if self.recruit is None:
            return None
        if self.account is None or (self.is_signed_out and self.account.log_in().status != 200):
            self.account = self.recruit()
            self.account.log_in().require(200)
        self.is_signed_out = False
        return self.account.access

    def notice(self, case: Case[Any], response: Response) -> None:
        """See what an answer does to the caller; a user who logs somebody in becomes them."""
        self.is_signed_out |= response.status_code in {204, 401}
        body: Any = case.body
        operation = case.operation.definition.raw["operationId"]
        match operation, response.status_code, self.account:
            case "auth.password.change", 204, Account() as account:
                account.password = body["new_password"]
            case "auth.login", 200, Account(client=client) if self.name == USER:
                access = response.json()["access"]
                self.account = Account(client, body["email"], body["password"], access)


def bearer(caller: Caller) -> type[AuthProvider[str]]:
    """What gives requests the caller's token."""

    class Bearer:
        def get(self, *_: object) -> str | None:
            return caller.token()

        def set(self, case: Case[Any], token: str, _: object) -> None:
            case.headers["Authorization"] = f"Bearer {token}"

    return Bearer


def caller(name: str, service: Service) -> Caller:
    """One of ``NAMES``, with the password of the document's examples."""
    recruits: dict[str, Callable[[], Account]] = {
        USER: lambda: accounts.register(
            service.client(), password=PASSWORD, password_confirm=PASSWORD
        ),
        SUPERUSER: lambda: _superuser(service),
    }
    return Caller(name, recruits.get(name))


def _superuser(service: Service) -> Account:
    email = f"fuzz{next(_numbers)}@example.com"
    service.manage(
        *("createsuperuser", "--noinput", "--email", email), DJANGO_SUPERUSER_PASSWORD=PASSWORD
    )
    return Account(service.client(), email, PASSWORD)
