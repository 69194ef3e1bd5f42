from unittest.mock import patch

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from backend.core.postgresql.connection import DeadlineConnection

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
