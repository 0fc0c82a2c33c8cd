"""The database's clock, the only one that determines whether a paste has expired: the clocks of hosts may differ."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now
from django.db.models.sql.compiler import SQLCompiler

_SQLITE = "STRFTIME('%Y-%m-%d %H:%M:%f000', 'NOW')"


class Clock(Now):
    """The database's time. SQLite compares times as strings, so it must have as many digits as Django stores."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        # The percent signs are doubled for the template and again for the parameters.
        sql, parameters = self.as_sql(compiler, connection, template=_SQLITE.replace("%", "%%%%"), **context)
        return sql, tuple(parameters)


def now() -> datetime:
    """Query and return the database's time."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"SELECT {_SQLITE}")
            return datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        now: datetime = cursor.fetchone()[0]
        return now
