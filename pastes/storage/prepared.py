"""Queries whose SQL is built only once, because building it takes longer than running it (docs/adr/0042).

The query itself is still written with the ORM, so it works on every supported database.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

#: A placeholder in the query for the value that differs between calls.
PARAMETER = "\x00parameter"


class Prepared:
    """A query with one string parameter, such as a key. `build(PARAMETER)` must return a `values_list` queryset."""

    def __init__(self, build: Callable[[str], QuerySet[Any, Any]]) -> None:
        self._build = build

    @cached_property
    def _compiled(self) -> tuple[str, tuple[Any, ...], Any, Any]:
        compiler = self._build(PARAMETER).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        return sql, parameters, compiler, converters

    def rows(self, value: str) -> list[list[Any]]:
        """Return the rows for the given value of the parameter, converted to Python values."""
        sql, parameters, compiler, converters = self._compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, [value if parameter == PARAMETER else parameter for parameter in parameters])
            return list(compiler.apply_converters(cursor.fetchall(), converters))
