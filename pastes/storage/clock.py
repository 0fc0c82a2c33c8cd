"""The clock of the database, which alone says whether a paste's time has come: web processes may disagree."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now
from django.db.models.sql.compiler import SQLCompiler

_SQLITE = "STRFTIME('%Y-%m-%d %H:%M:%f000', 'NOW')"


class Clock(Now):
    """The database's present, on SQLite with as many digits as Django stores there: it compares times as texts."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        """Return the expression for SQLite, its percent signs doubled for the template and for the parameters."""
        sql, parameters = self.as_sql(compiler, connection, template=_SQLITE.replace("%", "%%%%"), **context)
        return sql, tuple(parameters)


def now() -> datetime:
    """Ask the database for the time."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"SELECT {_SQLITE}")
            return datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        found: datetime = cursor.fetchone()[0]
        return found
