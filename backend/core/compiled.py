"""Queries that Django builds and compiles once, and that only bind values afterwards.

Building and compiling costs the ORM several times what running a query does. It is worth keeping
where a query runs with every request; anywhere else a plain queryset reads better.

    BY_ID = Compiled(lambda id: Session.objects.filter(pk=id), id=UUIDField())
    BY_ID.first(id=session_id)

``Listing`` is the same for lists that are filtered, sorted and read page by page, ``Statement`` for
what only SQL of our own can say.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import ValuesIterable
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.utils import DEFAULT_DB_ALIAS

type AnyField = Field[Any, Any]


class Bound(Expression):
    """Stands in a query for the value that each run brings."""

    def __init__(self, name: str, field: AnyField) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, _: SQLCompiler, __: BaseDatabaseWrapper) -> tuple[str, tuple[Any]]:
        """A placeholder, and itself for its parameter."""
        return "%s", (self,)


class Compiled[Row]:
    """A query of models (with what ``select_related`` adds) or of ``values()``.

    The rows are what the queryset itself would give. A relation that may be null is not for it.

    Args:
        build: Makes the queryset of stand-ins for its values, by name.
        fields: How each value is written for the database.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]], **fields: AnyField) -> None:
        self._build = build
        self._fields = fields
        self._plans: dict[str, _Plan] = {}  # by the kind of database

    def queryset(self, **values: object) -> QuerySet[Any, Row]:
        """The same query, not compiled."""
        return self._build(**values)

    def all(self, *, at_most: int | None = None, **values: object) -> list[Row]:
        """The rows, or the first of them."""
        connection = connections[DEFAULT_DB_ALIAS]
        plan = self._plans.get(connection.vendor)
        if plan is None:
            stand_ins = {name: Bound(name, field) for name, field in self._fields.items()}
            plan = self._plans[connection.vendor] = _Plan.of(self._build(**stand_ins))
        parameters = [_bound(one, values, connection) for one in plan.parameters]
        # A literal, for a statement of any number of rows would be planned for a tenth of them all.
        sql = plan.sql if at_most is None else f"{plan.sql} LIMIT {at_most:d}"
        return list(plan.reading.rows(connection, sql, parameters))

    def first(self, **values: Any) -> Row | None:
        """The first row, if there is any."""
        return next(iter(self.all(**values)), None)


class Statement[Row: Model]:
    """A statement written by hand that returns every column of a model.

    Args:
        sql: Calls its values by the model's fields, ``%(name)s``, and returns ``columns(model)``.
    """

    def __init__(self, model: type[Row], sql: str) -> None:
        self._model = model
        self._sql = sql
        fields = model._meta.concrete_fields
        self._fields = [field for field in fields if f"%({field.name})s" in sql]
        self._readings: dict[str, _Reading] = {}  # by the kind of database

    def first(self, **values: object) -> Row | None:
        """The first row that it returns, if there is any."""
        connection = connections[DEFAULT_DB_ALIAS]
        reading = self._readings.get(connection.vendor)
        if reading is None:
            every: QuerySet[Row] = QuerySet(self._model)
            reading = self._readings[connection.vendor] = _Plan.of(every).reading
        prepared = {
            field.name: field.get_db_prep_value(values[field.name], connection)
            for field in self._fields
        }
        return next(iter(reading.rows(connection, self._sql, prepared)), None)


def columns(model: type[Model]) -> str:
    """Every column of a model, as SQL names it."""
    table = model._meta.db_table
    return ", ".join(f'"{table}"."{field.column}"' for field in model._meta.concrete_fields)


class Listing[Row]:
    """A list, compiled once for each set of filters and each order in which it is read.

    Args:
        model: Whose columns its filters and its orders are.
        build: Makes the queryset of stand-ins for those filters that are given.
    """

    def __init__(self, model: type[Model], build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._column = model._meta.get_field
        self._build = build
        self._forms: dict[tuple[object, ...], Compiled[Row]] = {}

    def where(self, **filters: object) -> "Selection[Row]":
        """The rows that pass these filters."""
        return Selection(self, filters)

    def form(self, filters: Iterable[str], order: str, comparison: str | None) -> Compiled[Row]:
        """The query for these filters in this ``order``, from ``column__lt`` or ``__gt`` on."""
        key = (*sorted(filters), order, comparison)
        if key not in self._forms:
            fields: dict[str, Any] = {name: self._column(name) for name in filters}
            if comparison:
                fields["edge"] = self._column(comparison.partition("__")[0])
            self._forms[key] = Compiled(partial(self._rows, order, comparison), **fields)
        return self._forms[key]

    def _rows(
        self, order: str, comparison: str | None, edge: object = None, **filters: object
    ) -> QuerySet[Any, Row]:
        rows = self._build(**filters).order_by(order)
        return rows.filter(**{comparison: edge}) if comparison else rows


@dataclass(frozen=True, slots=True)
class Selection[Row]:
    """The rows of a listing that pass some filters."""

    listing: Listing[Row]
    filters: Mapping[str, object]

    def read(self, order: str, *, at_most: int, comparison: str | None, edge: object) -> list[Row]:
        """Rows along ``order``; with a comparison those beyond ``edge``, a value of its column."""
        values = {**self.filters, "edge": edge} if comparison else self.filters
        return self.listing.form(self.filters, order, comparison).all(at_most=at_most, **values)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the compiler made: statement, parameters, and how rows are read."""

    sql: str
    parameters: tuple[Any, ...]
    reading: "_Reading"

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> "_Plan":
        compiler = rows.query.get_compiler(using=rows.db)
        sql, parameters = compiler.as_sql()
        selected = [column for column, _, _ in compiler.select]
        read = _reads_values(rows) if _gives_values(rows) else _reads_models(compiler)
        are_converted = bool(compiler.get_converters(selected))
        return cls(sql, tuple(parameters), _Reading(rows.query, selected, are_converted, read))


@dataclass(frozen=True, slots=True)
class _Reading:
    """How what a database answers becomes rows.

    Nothing of it belongs to a connection: those are a thread's, and end with it.
    """

    query: Query
    selected: list[Any]
    are_converted: bool  # as SQLite's are
    read: Callable[[tuple[Any, ...]], Any]

    def rows(self, connection: BaseDatabaseWrapper, sql: str, parameters: Any) -> Iterator[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            found = cursor.fetchall()
        if self.are_converted:
            compiler = self.query.get_compiler(connection=connection)
            found = compiler.apply_converters(found, compiler.get_converters(self.selected))
        return map(self.read, found)


def _bound(parameter: object, values: Mapping[str, object], connection: BaseDatabaseWrapper) -> Any:
    if not isinstance(parameter, Bound):
        return parameter
    return parameter.output_field.get_db_prep_value(values[parameter.name], connection)


def _gives_values(rows: QuerySet[Any, Any]) -> bool:
    return rows._iterable_class is ValuesIterable  # noqa: SLF001  (nowhere else does it say so)


def _reads_values(rows: QuerySet[Any, Any]) -> Callable[[tuple[Any, ...]], Any]:
    names = (*rows.query.extra_select, *rows.query.values_select, *rows.query.annotation_select)
    return lambda row: dict(zip(names, row, strict=True))


def _reads_models(compiler: SQLCompiler) -> Callable[[tuple[Any, ...]], Any]:
    info: Mapping[str, Any] = compiler.klass_info or {}
    make = _maker(info, compiler)
    others = [
        (_maker(other, compiler), other["local_setter"])
        for other in info.get("related_klass_infos", ())
    ]
    annotations = list(compiler.annotation_col_map.items())

    def read(row: tuple[Any, ...]) -> Model:
        found = make(row)
        for make_other, link in others:
            link(found, make_other(row))
        for name, column in annotations:
            setattr(found, name, row[column])
        return found

    return read


def _maker(info: Mapping[str, Any], compiler: SQLCompiler) -> Callable[[tuple[Any, ...]], Model]:
    """Make a model of its columns in a row, by ``Model.from_db``."""
    model: type[Model] = info["model"]
    places: list[int] = info["select_fields"]
    names = [compiler.select[place][0].target.attname for place in places]
    values = itemgetter(*places)
    alias = compiler.using
    return lambda row: model.from_db(alias, names, values(row))
