"""A connection while it migrates: alone, with time for long statements, and none to wait for locks.

A statement that waits for a table's lock makes everybody queue behind it, readers too. So it gives
up soon, and is tried again when they have passed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors

LOCK_TIMEOUT = "3s"
_ADVISORY_LOCK = 0x6D_69_67_72  # "migr"; any number will do that nobody else uses
_PAUSE_SECONDS = 1.0
_UNLIMITED = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}


@contextmanager
def unhurried(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Lift the limits of requests until the block ends, all but that of locks."""
    connection.ensure_connection()
    raw: Any = connection.connection
    raw.deadline = timedelta(days=1).total_seconds()
    for name, value in _UNLIMITED.items():
        _set(connection, name, value)
    limit_locks(connection, LOCK_TIMEOUT)
    try:
        yield
    finally:
        with suppress(DatabaseError):  # a connection that is gone took them along
            for name in (*_UNLIMITED, "lock_timeout"):
                _execute(connection, f"RESET {name}")
        raw.deadline = None


def limit_locks(connection: BaseDatabaseWrapper, timeout: str) -> None:
    """Wait for a lock no longer than this; ``0`` is for ever."""
    _set(connection, "lock_timeout", timeout)


@contextmanager
def alone(connection: BaseDatabaseWrapper, *, tell: Callable[[], None]) -> Iterator[None]:
    """Let one process migrate at a time; others wait, after telling so.

    They ask again and again instead of queueing: a concurrent index waits for every statement that
    is under way, so that each would wait for the other.
    """
    told = False
    while not _execute(connection, "SELECT pg_try_advisory_lock(%s)", _ADVISORY_LOCK):
        if not told:
            tell()
        told = True
        time.sleep(_PAUSE_SECONDS)
    try:
        yield
    finally:
        with suppress(DatabaseError):
            _execute(connection, "SELECT pg_advisory_unlock(%s)", _ADVISORY_LOCK)


def met_a_lock(error: OperationalError) -> bool:
    """Whether somebody else's lock was in the way: trying again helps."""
    return isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected)


def _set(connection: BaseDatabaseWrapper, name: str, value: str) -> None:
    _execute(connection, "SELECT set_config(%s, %s, false)", name, value)


def _execute(connection: BaseDatabaseWrapper, statement: str, *values: str | int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0] if cursor.description else None
