"""A psycopg connection that does not wait for ever, and the check of idle ones."""

import select
import time
from typing import Any

import psycopg
from django.conf import settings
from psycopg import errors as pg_errors
from psycopg.abc import PQGen

from backend.core import breaker

CHECK_SECONDS = 1.0
# What in PostgreSQL refuses it; the message could be in any language.
_STALE_PLAN = "RevalidateCachedQuery"


class DeadlineConnection(psycopg.Connection[Any]):
    """Gives up on a server that accepts and never answers.

    Server-side timeouts do nothing when the server itself hangs, so every wait has a deadline here.
    A connection that missed it is closed: nobody knows what it would answer next.

    Attributes:
        deadline: How long one wait may take, in seconds; None for the setting's value.
    """

    deadline: float | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._last_used = time.monotonic()

    def wait[RV](self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server.

        Raises:
            psycopg.OperationalError: it did not answer in time, or a column has another type than
                when this connection prepared the statement.
        """
        limit = timeout or self.deadline or settings.DATABASE_DEADLINE_SECONDS
        try:
            result = super().wait(gen, interval, limit)
        except pg_errors._WaitTimeout:  # noqa: SLF001  (how psycopg reports this argument)
            breaker.database.failed("no answer in time")
            self.close()
            msg = f"the database did not answer within {limit:g} s"
            raise psycopg.OperationalError(msg) from None
        except psycopg.errors.FeatureNotSupported as error:
            if error.diag.source_function != _STALE_PLAN:
                raise
            self.close()  # a new one prepares anew
            msg = "a prepared statement is out of date"
            raise psycopg.OperationalError(msg) from None
        self._last_used = time.monotonic()
        return result

    def check_if_idle(self) -> None:
        """Ask the server for a sign of life, unless it gave one a moment ago.

        A server that hung up has said so: there is something to read where nothing was asked.

        Raises:
            psycopg.OperationalError: the connection is dead.
        """
        idle = time.monotonic() - self._last_used
        if idle < settings.CHECK_CONNECTION_AFTER_IDLE_SECONDS and not self._has_news():
            return
        self.deadline = CHECK_SECONDS
        self.execute("")
        self.deadline = None

    def _has_news(self) -> bool:
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))
