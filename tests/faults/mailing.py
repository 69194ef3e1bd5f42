"""Tasks whose effect can be seen from outside: mails, and links for them."""

import subprocess
from itertools import count

from backend.testing import accounts
from tests import postgresql
from tests.service import Service
from tests.smtp import MailServer
from tests.waiting import wait_for

_numbers = count(1)


def new_addresses(amount: int) -> list[str]:
    """Addresses that nobody has used."""
    return [f"somebody{next(_numbers)}@faults.example.com" for _ in range(amount)]


def enqueue(service: Service, addresses: list[str]) -> None:
    """Have a mail sent to each, all recorded in one transaction."""
    code = (
        "from django.db import transaction; from backend.tasks.outbox import enqueue; "
        "from backend.users.tasks import say_goodbye\n"
        f"with transaction.atomic():\n    for to in {addresses!r}: enqueue(say_goodbye, to=to)"
    )
    service.manage("shell", "-c", code)


def verify(service: Service, addresses: list[str]) -> None:
    """Register people, past the front door, and have a link mailed to each by a task of theirs."""
    code = (
        "from django.db import transaction; from backend.tasks.outbox import enqueue; "
        "from backend.authentication.tasks import start_verification; "
        "from backend.users.models import User\n"
        f"with transaction.atomic():\n    for email in {addresses!r}: "
        "User.objects.create_user(email); enqueue(start_verification, email=email)"
    )
    service.manage("shell", "-c", code)


def links(service: Service, addresses: list[str]) -> dict[str, int]:
    """How many links there are for each."""
    with postgresql.connect(service.environment) as connection:
        found = connection.execute(
            "SELECT email, count(*) FROM authentication_link WHERE email = ANY(%s) GROUP BY email",
            [addresses],
        ).fetchall()
    return {str(email): int(amount) for email, amount in found}


def register(service: Service, addresses: list[str]) -> list[int]:
    """The statuses of so many registrations."""
    client = service.client()
    body = {"password": accounts.PASSWORD, "password_confirm": accounts.PASSWORD}
    return [client.post("auth/register/", {"email": to, **body}).status for to in addresses]


def arrived(mails: MailServer, addresses: list[str]) -> int:
    """How many of the addresses have got their mail."""
    return len(mails.amounts().keys() & {*addresses})


def wait_for_all(mails: MailServer, addresses: list[str], seconds: float) -> float:
    return wait_for(lambda: arrived(mails, addresses) == len(addresses), seconds)


def twice(mails: MailServer, addresses: list[str]) -> list[str]:
    """Whoever got more than one mail; each must be the same mail again, by its id."""
    amounts = mails.amounts()
    again = [to for to in addresses if amounts[to] > 1]
    for to in again:
        assert len({mail["Message-ID"] for mail in mails.mails(to)}) == 1
    return again


def open_tasks(service: Service) -> str:
    return subprocess.run(
        ["./just", "tasks"],
        cwd=".",
        env=service.environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
