"""Why a security event may change after all. PostgreSQL refuses whatever declares no purpose."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

from django.db import DatabaseError, connection
from django.db.transaction import TransactionManagementError


class Purpose(StrEnum):
    """What the trigger lets through: a purge deletes, an erasure updates."""

    PURGE = "purge"
    ERASURE = "erasure"


@contextmanager
def declared(purpose: Purpose) -> Iterator[None]:
    """Declare a purpose to the database, until the block ends.

    The declaration is the transaction's, not the connection's: a pool hands it to nobody.

    Raises:
        TransactionManagementError: there is no transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("A purpose is declared inside a transaction.")
    _declare(purpose)
    try:
        yield
    finally:
        with suppress(DatabaseError):  # a transaction that has failed takes it along
            _declare("")


def _declare(purpose: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('backend.audit_purpose', %s, true)", [str(purpose)])
