"""What a migration must not do beside a service under load, and what to write instead.

Two things hurt: a lock that is held for long, since everybody queues behind it, and a table that no
longer fits the code of the last version, which is still running. A table that the migration itself
creates has neither readers nor rows: everything is allowed there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import singledispatch
from typing import Any

from django.contrib.postgres import operations as postgres
from django.db import migrations, models
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now


class Rule(StrEnum):
    """What is refused, by the advice that goes with it."""

    NOT_NULL = "a new column is null or has a db_default: the last version inserts without it"
    TYPE = "a column's type stays: add another column, fill it, use it, remove the first"
    REQUIRE = "a column becomes NOT NULL by a check: AddConstraintNotValid, then ValidateConstraint"
    REWRITE = "a value computed for each row rewrites the table: fill it by RunPython, in batches"
    RENAME = "nothing is renamed: the last version knows the old name. db_column keeps it"
    REMOVE = "removal takes two releases: forget it in the state, drop it in the next (RunSQL)"
    FORGET = "what is forgotten in the state is null or has a db_default: inserts go without it"
    INDEX = "an index is built and removed concurrently, without a transaction"
    CONSTRAINT = "a constraint is added NOT VALID, and validated by the next migration"
    MIXED = "rows and tables change in migrations of their own: locks last until the commit"
    ALONE = "without a transaction stand concurrent indexes, or RunPython, and nothing else"
    LOCK = "a whole table is not locked, emptied or rewritten"
    UNKNOWN = "nobody has thought about this operation: teach the rules what it does"


@dataclass
class Scene:
    """Where an operation stands."""

    app: str
    before: ProjectState
    after: ProjectState
    created: set[str] = field(default_factory=set)

    def fields(self, operation: Any) -> tuple[Any, Any]:
        """The field that an operation is about, as it was and as it will be."""
        name = operation.model_name_lower
        old = self.before.apps.get_model(self.app, name)._meta.get_field(operation.name)
        return old, self.after.apps.get_model(self.app, name)._meta.get_field(operation.name)


def broken(migration: migrations.Migration, before: ProjectState) -> set[Rule]:
    """The rules that a migration breaks and gives no reason for in its ``safe_because``."""
    reasons: dict[str, str] = getattr(migration, "safe_because", {})
    found = {*_together(migration), *_each(migration.operations, migration.app_label, before)}
    return {rule for rule in found if rule.name.lower() not in reasons}


def _each(operations: Sequence[Operation], app: str, state: ProjectState) -> Iterator[Rule]:
    created: set[str] = set()
    for operation in operations:
        before, state = state, state.clone()
        operation.state_forwards(app, state)
        if isinstance(operation, migrations.CreateModel):
            created.add(operation.name_lower)
        if getattr(operation, "model_name_lower", None) not in created:
            yield from faults(operation, Scene(app, before, state, created))


def _together(migration: migrations.Migration) -> Iterator[Rule]:
    """What is wrong with the company that operations keep."""
    kinds = [_kind(operation) for operation in migration.operations]
    if len({*kinds} - {"nothing"}) > 1:
        yield Rule.MIXED
    if not migration.atomic and {*kinds} - {"concurrent"} and {*kinds} - {"rows"}:
        yield Rule.ALONE


def _kind(operation: Operation) -> str:
    match operation:
        case postgres.AddIndexConcurrently() | postgres.RemoveIndexConcurrently():
            return "concurrent"
        case postgres.ValidateConstraint():
            return "validation"
        case migrations.RunPython():
            return "rows"
        case migrations.RunSQL() if re.search(r"(?i)\b(insert|update|delete)\b", _sql(operation)):
            return "rows"
        case migrations.AlterModelOptions() | migrations.AlterModelManagers():
            return "nothing"
        case _:
            return "tables"


@singledispatch
def faults(operation: Operation, scene: Scene) -> Iterator[Rule]:
    """What is wrong with an operation in itself."""
    yield Rule.UNKNOWN


def _always(rule: Rule, *kinds: type[Operation]) -> None:
    for kind in kinds:
        faults.register(kind)(lambda operation, scene: iter([rule]))


def _never(*kinds: type[Operation]) -> None:
    for kind in kinds:
        faults.register(kind)(lambda operation, scene: iter([]))


_always(Rule.RENAME, migrations.RenameField, migrations.RenameModel, migrations.AlterModelTable)
_always(Rule.REMOVE, migrations.RemoveField, migrations.DeleteModel)
_always(Rule.INDEX, migrations.AddIndex, migrations.RemoveIndex, migrations.AlterIndexTogether)
_always(Rule.CONSTRAINT, migrations.AddConstraint, migrations.AlterUniqueTogether)
_always(Rule.NOT_NULL, migrations.AlterOrderWithRespectTo)
_never(
    migrations.CreateModel,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterModelTableComment,
    migrations.RenameIndex,
    migrations.RemoveConstraint,
    migrations.AlterConstraint,  # what the database does not see
    migrations.RunPython,
    postgres.CreateExtension,
    postgres.AddIndexConcurrently,
    postgres.RemoveIndexConcurrently,
    postgres.AddConstraintNotValid,
    postgres.ValidateConstraint,
)


@faults.register
def _(operation: migrations.AddField, scene: Scene) -> Iterator[Rule]:
    column = _added(operation, scene)
    if column.many_to_many:
        return
    default = column.has_db_default()
    if not (column.null or default or column.generated):
        yield Rule.NOT_NULL
    if column.generated or (default and not isinstance(column.db_default, _PLAIN)):
        yield Rule.REWRITE
    if column.unique or column.db_index:
        yield Rule.INDEX
    if _check(column) or (column.is_relation and default):
        yield Rule.CONSTRAINT


@faults.register
def _(operation: migrations.AlterField, scene: Scene) -> Iterator[Rule]:
    old, new = scene.fields(operation)
    if old.column != new.column:
        yield Rule.RENAME
    if not _holds(_type(new), _type(old)) or old.related_model != new.related_model:
        yield Rule.TYPE
    if old.null and not new.null:
        yield Rule.REQUIRE
    if (new.unique and not old.unique) or (new.db_index and not old.db_index):
        yield Rule.INDEX
    if _check(new) not in {None, _check(old)}:
        yield Rule.CONSTRAINT


@faults.register
def _(operation: migrations.SeparateDatabaseAndState, scene: Scene) -> Iterator[Rule]:
    yield from _each(operation.database_operations, scene.app, scene.before)
    for forgotten in operation.state_operations:
        if isinstance(forgotten, migrations.RemoveField):
            model = scene.before.apps.get_model(scene.app, forgotten.model_name)
            column: Any = model._meta.get_field(forgotten.name)
            if not (column.many_to_many or column.null or column.has_db_default()):
                yield Rule.FORGET


@faults.register
def _(operation: migrations.RunSQL, scene: Scene) -> Iterator[Rule]:
    for statement in _sql(operation).split(";"):
        for pattern, rule in _SQL.items():
            if re.search(pattern, statement):
                yield rule


_SQL = {
    r"(?i)^\s*(lock|truncate|cluster)\b|\bvacuum\s+full\b": Rule.LOCK,
    r"(?i)\balter\b.*\btype\b": Rule.TYPE,
    r"(?i)\bset\s+not\s+null\b": Rule.REQUIRE,
    r"(?i)\brename\b": Rule.RENAME,
    r"(?i)\bdrop\s+(column|table)\b": Rule.REMOVE,
    r"(?i)\b(create\s+(unique\s+)?|drop\s+|re)index\b(?!.*\bconcurrently\b)": Rule.INDEX,
    r"(?i)\badd\s+constraint\b(?!.*\b(not\s+valid|using\s+index)\b)": Rule.CONSTRAINT,
    r"(?i)\badd\s+column\b.*\bnot\s+null\b(?!.*\bdefault\b)": Rule.NOT_NULL,
}
_PLAIN = (str, int, float, bool, models.Value, Now)
# Never connected: it knows the names of types.
_POSTGRESQL = DatabaseWrapper({"NAME": "none", "OPTIONS": {}, "TIME_ZONE": None})


def _added(operation: migrations.AddField, scene: Scene) -> Any:
    model = scene.after.apps.get_model(scene.app, operation.model_name)
    return model._meta.get_field(operation.name)


def _sql(operation: migrations.RunSQL) -> str:
    parts = operation.sql if isinstance(operation.sql, list | tuple) else [operation.sql]
    texts = [part if isinstance(part, str) else part[0] for part in parts]
    return ";".join(" ".join(text.split()) for text in texts)


def _type(column: Any) -> str:
    return str(column.db_parameters(connection=_POSTGRESQL)["type"])


def _check(column: Any) -> str | None:
    check: str | None = column.db_parameters(connection=_POSTGRESQL)["check"]
    return check


def _holds(new: str, old: str) -> bool:
    """Whether a type takes whatever another has, without a look at the rows."""
    texts = new.startswith(("varchar", "text")) and old.startswith(("varchar", "text"))
    return new == old or (texts and _length(new) >= _length(old))


def _length(kind: str) -> float:
    return float(re.sub(r"\D", "", kind) or "inf")
