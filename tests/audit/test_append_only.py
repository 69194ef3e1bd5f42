"""The record only grows: what PostgreSQL refuses, and to whom it does not."""

from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError
from model_bakery import baker

from backend.audit import events as audit
from backend.audit.models import Event, SecurityEvent
from backend.audit.purposes import Purpose, declared
from backend.core.ids import uuid7

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

migration = import_module("backend.audit.migrations.0002_append_only")

UPDATE = "UPDATE audit_securityevent SET user_agent = 'forged'"
DELETE = "DELETE FROM audit_securityevent"


@pytest.fixture
def event() -> SecurityEvent:
    """Something that happened."""
    return audit.record(Event.REGISTERED, user_id=uuid7())


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def is_refused(sql: str) -> bool:
    """Whether the trigger refuses a statement; nothing that it does stays."""
    try:
        with transaction.atomic():
            run(sql)
            transaction.set_rollback(True)
    except DatabaseError as error:
        if "append-only" not in str(error):
            raise
        return True
    return False


class TestTrigger:
    @pytest.mark.parametrize("sql", [UPDATE, DELETE])
    def test_refuses_sql(self, event: SecurityEvent, sql: str) -> None:
        assert is_refused(sql)

    def test_refuses_a_save(self, event: SecurityEvent) -> None:
        event.type = Event.LOGIN_FAILED
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            event.save()

    def test_refuses_updates_and_deletions_of_the_orm(self, event: SecurityEvent) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            SecurityEvent.objects.update(user_id=None)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            SecurityEvent.objects.all().delete()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            event.delete()

    def test_refuses_an_insert_that_overwrites(self, event: SecurityEvent) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            SecurityEvent.objects.bulk_create(
                [event], update_conflicts=True, unique_fields=["id"], update_fields=["type"]
            )

    @pytest.mark.parametrize("purpose", ["", "erase", "PURGE", "purge "])
    def test_knows_its_purposes(self, event: SecurityEvent, purpose: str) -> None:
        with transaction.atomic():
            run(f"SET LOCAL backend.audit_purpose = '{purpose}'")
            assert is_refused(UPDATE)
            assert is_refused(DELETE)

    def test_does_not_mind_what_changes_nothing(self) -> None:
        assert not is_refused(UPDATE)
        assert not is_refused(DELETE)

    def test_goes_and_comes_with_its_migration(self, event: SecurityEvent) -> None:
        with connection.schema_editor() as editor:
            migration.drop(None, editor)
        assert not is_refused(UPDATE)
        with connection.schema_editor() as editor:
            migration.create(None, editor)
        assert is_refused(UPDATE)


class TestDeclared:
    def test_lets_a_purge_delete_and_no_more(self, event: SecurityEvent) -> None:
        with transaction.atomic(), declared(Purpose.PURGE):
            assert is_refused(UPDATE)
            assert not is_refused(DELETE)

    def test_lets_an_erasure_update_and_no_more(self, event: SecurityEvent) -> None:
        with transaction.atomic(), declared(Purpose.ERASURE):
            assert is_refused(DELETE)
            assert not is_refused(UPDATE)

    def test_ends_with_its_block(self, event: SecurityEvent) -> None:
        with transaction.atomic():
            with declared(Purpose.PURGE):
                pass
            assert is_refused(DELETE)

    def test_ends_with_a_block_that_fails(self, event: SecurityEvent) -> None:
        with transaction.atomic():
            with pytest.raises(KeyError), declared(Purpose.PURGE):
                raise KeyError
            assert is_refused(DELETE)

    def test_ends_with_a_transaction_that_fails(self, event: SecurityEvent) -> None:
        with (
            pytest.raises(DatabaseError, match="no_such_table"),
            transaction.atomic(),
            declared(Purpose.PURGE),
        ):
            run("SELECT * FROM no_such_table")
        assert is_refused(DELETE)

    @pytest.mark.django_db(transaction=True)
    def test_ends_with_its_transaction(self) -> None:
        baker.make(SecurityEvent, user_id=uuid7())
        with transaction.atomic():
            run("SELECT set_config('backend.audit_purpose', 'purge', true)")
            assert not is_refused(DELETE)
        assert is_refused(DELETE)

    @pytest.mark.django_db(transaction=True)
    def test_needs_a_transaction(self) -> None:
        with pytest.raises(TransactionManagementError), declared(Purpose.PURGE):
            pass
