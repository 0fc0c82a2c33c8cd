"""Queries whose SQL is built once. Building it takes several times as long as the database takes to answer it.

`bench/site.py` shows the difference; the queries themselves stay those of the ORM, for every database it knows.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

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
