"""Keys that could not be released, for the database had gone: they are once it is back."""

import time
from collections.abc import Iterable
from threading import Lock, Thread
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection

from backend.idempotency.models import ABANDONED, reservations

PAUSE_SECONDS = 0.5

_lock = Lock()
_held: dict[UUID, tuple[UUID, float]] = {}  # attempts, with their key and when it is free anyway


def release(key: UUID, attempt: UUID) -> None:
    """Let others have a key that a request still holds; soon, if not now."""
    try:
        _release({attempt: key})
    except DatabaseError:
        _release_later(key, attempt)


def _release(keys: dict[UUID, UUID]) -> None:
    reservations().filter(pk__in=keys.values()).held_by(*keys).delete()


def _release_later(key: UUID, attempt: UUID) -> None:
    with _lock:
        is_first = not _held
        _held[attempt] = key, time.monotonic() + ABANDONED.total_seconds()
    if is_first:
        Thread(target=_insist, name="idempotency-releases", daemon=True).start()


def _insist() -> None:
    while _held:
        time.sleep(PAUSE_SECONDS)
        with _lock:
            waiting = dict(_held)
        if _is_done({attempt: key for attempt, (key, _) in waiting.items()}):
            _forget(waiting)
        else:
            now = time.monotonic()
            _forget(attempt for attempt, (_, until) in waiting.items() if until <= now)


def _is_done(keys: dict[UUID, UUID]) -> bool:
    try:
        _release(keys)
    except DatabaseError:
        return False
    else:
        return True
    finally:
        connection.close()


def _forget(attempts: Iterable[UUID]) -> None:
    with _lock:
        for attempt in attempts:
            _held.pop(attempt, None)
