"""Operations of migrations that keep nobody waiting, with what they come to on SQLite.

Those of indexes belong into a migration with ``atomic = False``, and nothing else does.
"""

from typing import Any, ClassVar

from django.contrib.postgres import operations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddConstraint, AddIndex, RemoveIndex
from django.db.migrations.operations.base import Operation


class _Elsewhere(Operation):
    """Does what another operation does where the database is not PostgreSQL.

    Attributes:
        plain: That operation; None where there is nothing to do.
    """

    plain: ClassVar[type[Operation] | None]

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        """Do it."""
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, *states)
        elif self.plain:
            self.plain.database_forwards(self, app_label, schema_editor, *states)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        """Undo it."""
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, *states)
        elif self.plain:
            self.plain.database_backwards(self, app_label, schema_editor, *states)


class AddIndexConcurrently(_Elsewhere, operations.AddIndexConcurrently):
    """Build an index while others write."""

    plain = AddIndex

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        """Build it anew: a try that was interrupted has left one that is of no use."""
        if schema_editor.connection.vendor == "postgresql":
            self._ensure_not_in_transaction(schema_editor)
            name = schema_editor.quote_name(self.index.name)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        super().database_forwards(app_label, schema_editor, *states)


class RemoveIndexConcurrently(_Elsewhere, operations.RemoveIndexConcurrently):
    """Remove an index while others read and write."""

    plain = RemoveIndex


class AddConstraintNotValid(_Elsewhere, operations.AddConstraintNotValid):
    """Hold new rows to a constraint. The old ones: ``ValidateConstraint``, a migration later."""

    plain = AddConstraint


class ValidateConstraint(_Elsewhere, operations.ValidateConstraint):
    """Look whether the old rows keep a constraint, while others write."""

    plain = None
