"""Queries whose SQL is built once. Building it takes several times as long as the database takes to answer it.

`bench/site.py` shows the difference; the queries themselves stay those of the ORM, for every database it knows.
"""

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import BooleanField, CharField, Field, ForeignKey, IntegerField, Model, QuerySet, TextField

#: Stands in the query for the one value that changes from call to call.
PARAMETER = "\x00parameter"


class Prepared:
    """A query by one text value, such as a key; `build` gets PARAMETER in its place and returns `.values_list(...)`."""

    def __init__(self, build: Callable[[str], QuerySet[Any, Any]]) -> None:
        self._build = build

    @cached_property
    def _compiled(self) -> tuple[str, tuple[Any, ...], Any, Any]:
        compiler = self._build(PARAMETER).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        return sql, parameters, compiler, converters

    def rows(self, value: str) -> list[list[Any]]:
        """Return the rows for this value, each as a list of Python values."""
        sql, parameters, compiler, converters = self._compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, [value if one == PARAMETER else one for one in parameters])
            return list(compiler.apply_converters(cursor.fetchall(), converters))


def insert(row: Model) -> None:
    """Insert a new row, as `row.save(force_insert=True)` would, but for signals, and give it its primary key."""
    database = connections[DEFAULT_DB_ALIAS]  # Looked up once, not for every field.
    sql, columns = _insertion(type(row), database.vendor)
    values = [
        getattr(row, name) if field is None else field.get_db_prep_save(getattr(row, name), database)
        for name, field in columns
    ]
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding = False  # noqa: SLF001  (Django's documented API)
    row._state.db = DEFAULT_DB_ALIAS  # noqa: SLF001  (Django's documented API)


@cache
def _insertion(model: type[Model], vendor: str) -> tuple[str, "list[tuple[str, Field[Any, Any] | None]]"]:
    """Return the SQL, and for each column the attribute with its value and the field that has to convert it."""
    quote = connection.ops.quote_name
    meta = model._meta  # noqa: SLF001  (Django's documented API)
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    columns = ", ".join(quote(field.column) for field in fields if field.column)
    places = ", ".join(["%s"] * len(fields))
    key = quote(meta.pk.column or "id")
    sql = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places}) RETURNING {key}"  # noqa: S608
    return sql, [(field.attname, None if _goes_in_as_it_is(field) else field) for field in fields]


def _goes_in_as_it_is(field: "Field[Any, Any]") -> bool:
    """Return whether both databases take the Python values of a field without Django's help."""
    stored = field.target_field if isinstance(field, ForeignKey) else field
    return isinstance(stored, CharField | TextField | IntegerField | BooleanField)
