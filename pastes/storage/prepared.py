"""Queries whose SQL is built once: building it takes longer than running it (docs/adr/0042).

The query itself is still one of the ORM, for every database that it supports.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

#: Stands in the query for the value that differs between calls.
PARAMETER = "\x00parameter"


class Prepared:
    """A query with one text parameter, such as a key. `build` returns a `values_list` for the value PARAMETER."""

    def __init__(self, build: Callable[[str], QuerySet[Any, Any]]) -> None:
        self._build = build

    @cached_property
    def _compiled(self) -> tuple[str, tuple[Any, ...], Any, Any]:
        compiler = self._build(PARAMETER).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        return sql, parameters, compiler, converters

    def rows(self, value: str) -> list[list[Any]]:
        """Return the rows for this value of the parameter, with Python values."""
        sql, parameters, compiler, converters = self._compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, [value if parameter == PARAMETER else parameter for parameter in parameters])
            return list(compiler.apply_converters(cursor.fetchall(), converters))
