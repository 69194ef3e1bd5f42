"""Migrations are safe beside a service under load."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres import operations as postgres
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now, Upper

from tests.conventions.migration_rules import Rule, broken

# Written before version 0.1: there was no service whose tables they could have locked.
BEFORE_THE_FIRST = {
    "users.0002_search": {Rule.NOT_NULL, Rule.MIXED},
    "users.0003_deleted": {Rule.CONSTRAINT},
}
LOADER = MigrationLoader(None)
LABELS = {app.label for app in apps.get_app_configs() if app.name.startswith("backend.")}
OURS = [".".join(key) for key in sorted(LOADER.disk_migrations) if key[0] in LABELS]


class TestMigration:
    @pytest.mark.parametrize("name", OURS)
    def test_keeps_nobody_waiting(self, name: str) -> None:
        app, _, number = name.partition(".")
        before = LOADER.project_state((app, number), at_end=False)
        found = broken(LOADER.disk_migrations[app, number], before)
        assert found == BEFORE_THE_FIRST.get(name, set())

    def test_has_been_found(self) -> None:
        assert {*BEFORE_THE_FIRST} < {*OURS}


# --- the rules themselves -------------------------------------------------------------------------


def world() -> ProjectState:
    """A table with rows, and another."""
    state = ProjectState()
    notes: list[tuple[str, Any]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("title", models.CharField(max_length=100)),
        ("body", models.TextField(null=True)),
        ("rank", models.IntegerField(default=0)),
        ("stars", models.IntegerField(db_default=0)),
    ]
    stars = models.CheckConstraint(condition=models.Q(stars__lte=5), name="note_stars")
    state.add_model(ModelState("notes", "Note", notes, {"constraints": [stars], "indexes": []}))
    state.add_model(ModelState("notes", "Book", [("id", models.BigAutoField(primary_key=True))]))
    return state


def found(*operations: Operation, **attributes: Any) -> set[Rule]:
    """The rules that a migration of these operations breaks."""
    kind = type("Migration", (migrations.Migration,), {"operations": [*operations], **attributes})
    return broken(kind("0002_change", "notes"), world())


def add(field: Any) -> Operation:
    return migrations.AddField("note", "new", field)


def alter(name: str, field: Any) -> Operation:
    return migrations.AlterField("note", name, field)


class Unheard(Operation):
    """One of a package that is yet to be written."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing."""


def nothing(apps: Any, schema_editor: Any) -> None:
    """Change rows."""


SQL, PYTHON = migrations.RunSQL, migrations.RunPython(nothing)
INDEX = models.Index(fields=["title"], name="note_title")
CHECK = models.CheckConstraint(condition=models.Q(rank__gte=0), name="note_rank")
UNIQUE = models.UniqueConstraint(fields=["title"], name="note_title_once")
CONCURRENT = postgres.AddIndexConcurrently("note", INDEX)
DROP = "ALTER TABLE notes_note DROP COLUMN body"
TO_A_BOOK: dict[str, Any] = {"to": "notes.Book", "on_delete": models.CASCADE}


def forget(name: str) -> Operation:
    gone = migrations.RemoveField("note", name)
    return migrations.SeparateDatabaseAndState(state_operations=[gone])


class TestRules:
    @pytest.mark.parametrize(
        ("operation", "rule"),
        [
            (add(models.TextField(default="")), Rule.NOT_NULL),
            (add(models.TextField(db_default=Upper(models.Value("a")))), Rule.REWRITE),
            (
                add(
                    models.GeneratedField(
                        expression=Upper("title"),
                        output_field=models.TextField(),
                        db_persist=True,
                    )
                ),
                Rule.REWRITE,
            ),
            (add(models.TextField(null=True, unique=True)), Rule.INDEX),
            (add(models.TextField(null=True, db_index=True)), Rule.INDEX),
            (add(models.ForeignKey(**TO_A_BOOK, null=True)), Rule.INDEX),
            (add(models.PositiveIntegerField(null=True)), Rule.CONSTRAINT),
            (alter("title", models.CharField(max_length=99)), Rule.TYPE),
            (alter("body", models.CharField(max_length=99, null=True)), Rule.TYPE),
            (alter("rank", models.BigIntegerField()), Rule.TYPE),
            (alter("body", models.TextField()), Rule.REQUIRE),
            (alter("title", models.CharField(max_length=100, unique=True)), Rule.INDEX),
            (alter("title", models.CharField(max_length=100, db_index=True)), Rule.INDEX),
            (alter("title", models.CharField(max_length=100, db_column="t")), Rule.RENAME),
            (alter("rank", models.PositiveIntegerField()), Rule.CONSTRAINT),
            (migrations.RenameField("note", "title", "name"), Rule.RENAME),
            (migrations.RenameModel("Note", "Memo"), Rule.RENAME),
            (migrations.AlterModelTable("note", "memos"), Rule.RENAME),
            (migrations.RemoveField("note", "body"), Rule.REMOVE),
            (migrations.DeleteModel("Note"), Rule.REMOVE),
            (forget("title"), Rule.FORGET),
            (migrations.AddIndex("note", INDEX), Rule.INDEX),
            (migrations.AddConstraint("note", CHECK), Rule.CONSTRAINT),
            (migrations.AddConstraint("note", UNIQUE), Rule.CONSTRAINT),
            (migrations.AlterUniqueTogether("note", {("title", "rank")}), Rule.CONSTRAINT),
            (migrations.AlterOrderWithRespectTo("note", "rank"), Rule.NOT_NULL),
            (SQL("LOCK TABLE notes_note"), Rule.LOCK),
            (SQL("SELECT 1; truncate notes_note"), Rule.LOCK),
            (SQL("VACUUM FULL notes_note"), Rule.LOCK),
            (SQL("ALTER TABLE notes_note\n ALTER COLUMN rank TYPE bigint"), Rule.TYPE),
            (SQL("alter table notes_note alter title set not null"), Rule.REQUIRE),
            (SQL([("ALTER TABLE notes_note RENAME TO memos", None)]), Rule.RENAME),
            (SQL(DROP), Rule.REMOVE),
            (SQL("CREATE UNIQUE INDEX i ON notes_note (title)"), Rule.INDEX),
            (SQL("REINDEX INDEX note_title"), Rule.INDEX),
            (SQL("ALTER TABLE n ADD CONSTRAINT c CHECK (rank > 0)"), Rule.CONSTRAINT),
            (SQL("ALTER TABLE n ADD COLUMN new int NOT NULL"), Rule.NOT_NULL),
            (Unheard(), Rule.UNKNOWN),
        ],
    )
    def test_refuse(self, operation: Operation, rule: Rule) -> None:
        assert rule in found(operation)

    @pytest.mark.parametrize(
        "operation",
        [
            add(models.TextField(null=True)),
            add(models.TextField(db_default="")),
            add(models.DateTimeField(db_default=Now())),
            add(models.ForeignKey(**TO_A_BOOK, null=True, db_index=False)),
            add(models.ManyToManyField("notes.Book")),
            alter("title", models.CharField(max_length=200, help_text="What it is about.")),
            alter("title", models.TextField()),
            alter("title", models.EmailField(max_length=100, null=True)),
            alter("rank", models.IntegerField(db_default=1)),
            forget("body"),
            forget("stars"),
            postgres.AddConstraintNotValid("note", CHECK),
            postgres.ValidateConstraint("note", "note_rank"),
            migrations.RemoveConstraint("note", "note_stars"),
            migrations.AlterModelOptions("note", {"ordering": ["title"]}),
            postgres.TrigramExtension(),
            PYTHON,
            SQL("UPDATE notes_note SET body = '' WHERE body IS NULL"),
            SQL("CREATE INDEX CONCURRENTLY i ON notes_note (title)"),
            SQL("ALTER TABLE n ADD CONSTRAINT c CHECK (rank > 0) NOT VALID"),
            SQL("ALTER TABLE n ADD CONSTRAINT c UNIQUE USING INDEX i"),
        ],
    )
    def test_allow(self, operation: Operation) -> None:
        assert found(operation) == set()

    def test_allow_concurrent_indexes_without_a_transaction(self) -> None:
        assert found(CONCURRENT, atomic=False) == set()

    def test_allow_rows_to_change_in_batches(self) -> None:
        assert found(PYTHON, atomic=False) == set()

    def test_refuse_anything_else_without_a_transaction(self) -> None:
        assert found(add(models.TextField(null=True)), atomic=False) == {Rule.ALONE}
        assert found(CONCURRENT, PYTHON, atomic=False) == {Rule.ALONE, Rule.MIXED}

    def test_refuse_rows_and_tables_in_one_migration(self) -> None:
        assert found(add(models.TextField(null=True)), PYTHON) == {Rule.MIXED}

    def test_refuse_to_validate_what_was_just_added(self) -> None:
        added = postgres.AddConstraintNotValid("note", CHECK)
        assert found(added, postgres.ValidateConstraint("note", "note_rank")) == {Rule.MIXED}

    def test_allow_everything_for_a_table_of_the_same_migration(self) -> None:
        created = migrations.CreateModel("Page", [("id", models.BigAutoField(primary_key=True))])
        new = migrations.AddField("page", "text", models.TextField(default="", unique=True))
        assert found(created, new) == set()

    def test_look_into_operations_on_the_database_alone(self) -> None:
        renamed = migrations.RenameField("note", "title", "name")
        apart = migrations.SeparateDatabaseAndState(database_operations=[renamed])
        assert found(apart) == {Rule.RENAME}

    def test_take_a_reason(self) -> None:
        reasons = {"remove": "nothing has used it since 0.3"}
        assert found(SQL(DROP), safe_because=reasons) == set()
        assert found(SQL(DROP), safe_because={"index": "there are few rows"}) == {Rule.REMOVE}
