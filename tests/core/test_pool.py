from unittest.mock import patch

import pytest
from django.db import OperationalError, connection, transaction
from pytest_django import Settings

from backend.core.postgresql.connection import DeadlineConnection
from backend.testing.races import elsewhere

WAIT = DeadlineConnection.wait

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


class TestConnection:
    def test_from_the_pool_is_asked_nothing_but_the_query(self, settings: Settings) -> None:
        settings.CHECK_CONNECTION_AFTER_IDLE_SECONDS = 3600  # whichever it is, it is fresh
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.close()
        with (
            patch.object(DeadlineConnection, "wait", autospec=True, side_effect=WAIT) as waits,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
        assert waits.call_count == 1

    def test_commits_each_statement_after_a_transaction_again(self) -> None:
        with transaction.atomic():
            assert not connection.get_autocommit()
            assert not connection.connection.autocommit
        assert connection.connection.autocommit
        connection.close()
        connection.ensure_connection()
        assert connection.get_autocommit()
        assert connection.connection.autocommit

    def test_is_replaced_where_a_column_has_changed_its_type(self) -> None:
        def read() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT name FROM changing WHERE name <> %s", ["x"])

        def change(statement: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(statement)

        change("CREATE TABLE changing (name varchar(3))")
        try:
            for _ in range(10):  # it is prepared after some
                read()
            elsewhere(lambda: change("ALTER TABLE changing ALTER name TYPE varchar(4)"))
            with pytest.raises(OperationalError, match="out of date"):
                read()
            connection.close()  # as after each request
            read()
        finally:
            connection.close()
            change("DROP TABLE changing")
