"""The backend Django loads by the name of this package."""

from typing import Any

import psycopg_pool  # noqa: F401  (Django imports it with the first connection: late, and not shared)
from django.db import OperationalError
from django.db.backends.postgresql import base

from backend.core import breaker
from backend.core.postgresql.connection import DeadlineConnection


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL behind a breaker, over pooled connections that have a deadline."""

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        pool = settings_dict["OPTIONS"].get("pool")
        if pool:
            pool.setdefault("connection_class", DeadlineConnection)
            pool.setdefault("check", self._check)
        super().__init__(settings_dict, alias)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection from the pool, unless the database is known to be away.

        Raises:
            OperationalError: the database is away, or nothing came free in time.
        """
        if not breaker.database.allows():
            msg = "the database is away"
            raise OperationalError(msg)
        try:
            connection = super().get_new_connection(conn_params)
        except self.Database.OperationalError as error:
            breaker.database.failed(type(error).__name__)
            raise
        breaker.database.succeeded()
        return connection

    def _set_autocommit(self, autocommit: bool) -> None:
        """Commit each statement by itself, as a pooled connection does anyway, or not."""
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs leave it out

    def _check(self, connection: DeadlineConnection) -> None:
        """The pool's check. Where one idle connection is dead, all are: start afresh at once.

        The pool by itself would try them one after the other, with a growing pause in between.
        """
        try:
            connection.check_if_idle()
        except self.Database.OperationalError:
            if self.pool is not None:
                self.pool.drain()
            raise
