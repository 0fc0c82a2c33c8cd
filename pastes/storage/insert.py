"""Insert the rows of a write together: in a single statement on PostgreSQL, row by row on SQLite.

The SQL is built only once for each sequence of models. `Model.save` builds it every time, which takes longer than the
insertion itself, and each statement is a round trip to PostgreSQL (docs/adr/0042).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, ForeignKey, Model

_Models = tuple[type[Model], ...]


def store(*rows: Model) -> None:
    """Insert new rows and set their primary keys, like `row.save(force_insert=True)` but without sending signals.

    An unset foreign key is set to the closest preceding row of the related model, if there is one. Must run in a
    transaction unless `is_one_statement` returns True.
    """
    connection.validate_no_broken_transaction()
    models = tuple(type(row) for row in rows)
    inserts = _inserts(models)
    with connection.cursor() as cursor:
        if is_one_statement():
            values = [value for insert, row in zip(inserts, rows, strict=True) for value in insert.values(row)]
            cursor.execute(_one_statement(models), values)
            keys = cursor.fetchone()
            for insert, row, key in zip(inserts, rows, keys, strict=True):
                insert.finish(row, rows, key)
        else:
            for insert, row in zip(inserts, rows, strict=True):
                insert.link(row, rows)
                cursor.execute(insert.sql, insert.values(row))
                insert.finish(row, rows, cursor.lastrowid)


def is_one_statement() -> bool:
    """Return whether `store` executes a single statement, which needs no transaction around it."""
    return connection.vendor == "postgresql"


@dataclass(frozen=True)
class _Insert:
    """An INSERT statement for one of the rows."""

    sql: str
    fields: Sequence["Field[Any, Any]"]
    #: The foreign keys to preceding rows, with the positions of those rows.
    links: Sequence[tuple["ForeignKey[Any, Any]", int]]

    def values(self, row: Model) -> list[Any]:
        return [field.get_db_prep_save(getattr(row, field.attname), connection) for field in self.fields]

    def link(self, row: Model, rows: Sequence[Model]) -> None:
        for field, position in self.links:
            if getattr(row, field.attname) is None:
                setattr(row, field.name, rows[position])

    def finish(self, row: Model, rows: Sequence[Model], key: int) -> None:
        """Set the attributes that `Model.save` sets after storing a row."""
        self.link(row, rows)
        row.pk = key
        row._state.adding = False  # noqa: SLF001  (Django's documented API)
        row._state.db = DEFAULT_DB_ALIAS  # noqa: SLF001  (Django's documented API)


@lru_cache(maxsize=256)
def _one_statement(models: _Models) -> str:
    """Return a PostgreSQL statement that inserts a row of each model and returns their primary keys."""
    rows = ", ".join(f"row_{position} AS ({insert.sql})" for position, insert in enumerate(_inserts(models)))
    keys = ", ".join(_key_of(position) for position in range(len(models)))
    return f"WITH {rows} SELECT {keys}"


@lru_cache(maxsize=256)
def _inserts(models: _Models) -> list[_Insert]:
    return [_insert(model, models[:position]) for position, model in enumerate(models)]


def _insert(model: type[Model], before: Sequence[type[Model]]) -> _Insert:
    """Return the INSERT statement for a row that follows rows of the models in `before`."""
    quote = connection.ops.quote_name
    meta = model._meta  # noqa: SLF001  (Django's documented API)
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    positions = {earlier: position for position, earlier in enumerate(before)}
    links = [
        (field, positions[field.related_model])
        for field in fields
        if isinstance(field, ForeignKey) and field.related_model in positions
    ]
    columns = ", ".join(quote(field.column or "") for field in fields)
    marks = dict.fromkeys(fields, "%s")
    returning = ""
    if is_one_statement():
        marks |= {field: f"COALESCE(%s, {_key_of(position)})" for field, position in links}
        returning = f" RETURNING {quote(meta.pk.column or '')} AS key"
    values = ", ".join(marks.values())
    sql = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({values}){returning}"  # noqa: S608
    return _Insert(sql, fields, links)


def _key_of(position: int) -> str:
    return f"(SELECT key FROM row_{position})"  # noqa: S608
