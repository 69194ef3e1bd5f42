"""Accounts that are deleted: how, and what could be left of them."""

from django.contrib.sessions.models import Session as CookieSession
from django.db import connection
from django.urls import reverse

from backend.testing.accounts import PASSWORD, Account
from backend.testing.browser import browser
from backend.testing.client import Answer
from backend.users.models import User

WRONG = "wrong horse battery 9"
NEW = "another horse battery 9"
GOODBYE = "Your account at Backend was deleted"
FIRST, OLD, NOW, NEXT = (
    "augusta@byron.example",
    "augusta@king.example",
    "augusta@lovelace.example",
    "augusta@analytical.example",
)
AGENT, ADDRESS = "Jacquard/1.0 (Analytical)", "198.51.100.77"
# What Ada could be known by, wherever it might stand.
TRACES = ["augusta", "noel", "gordon", "byron", "lovelace", "analytical", "jacquard", ADDRESS]


def delete(account: Account, password: object = PASSWORD, **headers: str) -> Answer:
    """Delete an account."""
    body = {} if password is ... else {"password": password}
    return account.client.post("users/me/delete/", body, token=account.access, headers=headers)


def deletion_of(user: User) -> str:
    """The page of the admin site that asks whether one is sure."""
    return reverse("admin:users_user_delete", args=[user.pk])


def delete_in_the_admin_site(by: User, user: User) -> None:
    """Delete somebody, as staff do."""
    assert browser(by).post(deletion_of(user), {"post": "yes"}).status_code == 302


def traces() -> set[str]:
    """The columns of all tables in which something of Ada stands."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        assert {"users_user", "django_session", "audit_securityevent"} <= {*tables}
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    if any(trace in str(value).casefold() for trace in TRACES):
                        found.add(f"{table}.{column}")
    for visit in CookieSession.objects.all():
        if any(trace in str(visit.get_decoded()).casefold() for trace in TRACES):
            found.add("django_session.decoded")
    return found
