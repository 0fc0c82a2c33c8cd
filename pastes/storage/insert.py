"""New rows, stored by SQL that is built once: on PostgreSQL all of them by one statement, on SQLite one by one.

A model's `save` builds its SQL every time, which takes several times as long as the database takes to do it, and each
statement is a way to PostgreSQL and back. `bench/site.py` shows the difference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, CharField, DateTimeField, Field, ForeignKey, IntegerField, Model, TextField

_Models = tuple[type[Model], ...]


def store(*rows: Model) -> None:
    """Insert new rows, as `row.save(force_insert=True)` would, but for signals, and give them their primary keys.

    A foreign key that has no value leads to the last row before it that is of its model, where there is one. Has to run
    in a transaction, unless `stores_at_once`.
    """
    database = connections[DEFAULT_DB_ALIAS]  # Looked up once, not for every row.
    database.validate_no_broken_transaction()
    models = tuple(type(row) for row in rows)
    if stores_at_once():
        _at_once(rows, models, database)
    else:
        _one_by_one(rows, models, database)


def stores_at_once() -> bool:
    """Return whether `store` stores all of its rows or none without a transaction around it, by a single statement."""
    return connection.vendor == "postgresql"


def _at_once(rows: Sequence[Model], models: _Models, database: BaseDatabaseWrapper) -> None:
    steps = _steps(models)
    values = [value for step, row in zip(steps, rows, strict=True) for value in step.values(row, database)]
    with database.cursor() as cursor:
        cursor.execute(_in_one(models), values)
        keys = cursor.fetchone()
    for step, row, key in zip(steps, rows, keys, strict=True):
        step.settle(row, key, rows)


def _one_by_one(rows: Sequence[Model], models: _Models, database: BaseDatabaseWrapper) -> None:
    # Without Django's cursor, which takes the SQL apart each time: that takes longer than the insertion itself.
    with database.wrap_database_errors:
        for step, row in zip(_steps(models), rows, strict=True):
            step.link(row, rows)
            step.settle(row, database.connection.execute(step.sql, step.values(row, database)).lastrowid, rows)


@dataclass(frozen=True)
class _Step:
    """How one of the rows is stored, whatever is in it."""

    sql: str
    attributes: Callable[[Model], tuple[Any, ...]]
    #: The values that the database does not take as they are: their places, and the fields that convert them.
    converted: Sequence[tuple[int, "Field[Any, Any]"]]
    #: The foreign keys that may lead to rows stored with it, and the numbers of those rows.
    links: Sequence[tuple["ForeignKey[Any, Any]", int]]

    def values(self, row: Model, database: BaseDatabaseWrapper) -> list[Any]:
        """Return what goes into the SQL."""
        values = list(self.attributes(row))
        for place, field in self.converted:
            if values[place] is None:
                continue
            if isinstance(field, DateTimeField):  # What else Django does for a time takes longer than storing it.
                values[place] = database.ops.adapt_datetimefield_value(values[place])
            else:
                values[place] = field.get_db_prep_save(values[place], database)
        return values

    def link(self, row: Model, rows: Sequence[Model]) -> None:
        """Give the foreign keys without a value the rows that they lead to."""
        for field, number in self.links:
            if getattr(row, field.attname) is None:
                setattr(row, field.name, rows[number])

    def settle(self, row: Model, key: int, rows: Sequence[Model]) -> None:
        """Let a row know that it is stored."""
        self.link(row, rows)
        row.pk = key
        row._state.adding = False  # noqa: SLF001  (Django's documented API)
        row._state.db = DEFAULT_DB_ALIAS  # noqa: SLF001  (Django's documented API)


@lru_cache(maxsize=256)
def _in_one(models: _Models) -> str:
    """Return SQL for PostgreSQL that inserts a row of each of these models, and returns their keys."""
    rows = ", ".join(f"row_{number} AS ({step.sql})" for number, step in enumerate(_steps(models)))
    keys = ", ".join(_key_of(number) for number in range(len(models)))
    return f"WITH {rows} SELECT {keys}"


@lru_cache(maxsize=256)
def _steps(models: _Models) -> list[_Step]:
    return [_step(model, models[:number]) for number, model in enumerate(models)]


def _step(model: type[Model], before: Sequence[type[Model]]) -> _Step:
    """Return how a row of this model is stored after rows of those."""
    quote = connection.ops.quote_name
    meta = model._meta  # noqa: SLF001  (Django's documented API)
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    columns = ", ".join(quote(field.column or "") for field in fields)
    last = {other: number for number, other in enumerate(before)}
    links = {
        place: (field, last[field.related_model])
        for place, field in enumerate(fields)
        if isinstance(field, ForeignKey) and field.related_model in last
    }
    if connection.vendor == "postgresql":
        marks = [
            f"COALESCE(%s, {_key_of(links[place][1])})" if place in links else "%s" for place in range(len(fields))
        ]
        returning = f" RETURNING {quote(meta.pk.column or '')} AS key"
    else:
        marks, returning = ["?"] * len(fields), ""
    return _Step(
        sql=f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({', '.join(marks)}){returning}",  # noqa: S608
        attributes=attrgetter(*(field.attname for field in fields)),
        converted=[(place, field) for place, field in enumerate(fields) if not _goes_in_as_it_is(field)],
        links=list(links.values()),
    )


def _key_of(number: int) -> str:
    return f"(SELECT key FROM row_{number})"  # noqa: S608


def _goes_in_as_it_is(field: "Field[Any, Any]") -> bool:
    """Return whether both databases take the Python values of a field without Django's help."""
    stored = field.target_field if isinstance(field, ForeignKey) else field
    return isinstance(stored, CharField | TextField | IntegerField | BooleanField)
