"""Classify database errors by their PostgreSQL and SQLite error codes."""

from django.db import DatabaseError, DataError, InterfaceError, OperationalError

#: disk_full, read_only_sql_transaction, io_error.
_POSTGRESQL_STORES_NOTHING = {"53100", "25006", "58030"}
#: Data exception, and program limit exceeded: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL_DATA_CLASSES = ("22", "54")
_SQLITE_STORES_NOTHING = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")

_NOT_UTF8 = "Could not decode to UTF-8"


def stores_nothing(error: BaseException) -> bool:
    """Return whether the database responds but cannot store anything: its disk is full or bad, or it is read-only."""
    cause = error.__cause__
    sqlite_name = str(getattr(cause, "sqlite_errorname", ""))
    return getattr(cause, "sqlstate", "") in _POSTGRESQL_STORES_NOTHING or sqlite_name.startswith(
        _SQLITE_STORES_NOTHING
    )


def is_temporary(error: BaseException) -> bool:
    """Return whether a retry may succeed later. PostgreSQL reports a read-only database as an internal error."""
    is_down = isinstance(error, OperationalError | InterfaceError)
    return is_down or (isinstance(error, DatabaseError) and stores_nothing(error))


def is_about_data(error: BaseException) -> bool:
    """Return whether the database refused a value, so that a retry would fail again but other writes are unaffected.

    SQLite stores text that is not UTF-8, and its driver fails to read it.
    """
    if isinstance(error, DataError) or (isinstance(error, OperationalError) and _NOT_UTF8 in str(error)):
        return True
    state = str(getattr(error.__cause__, "sqlstate", None) or "")
    return isinstance(error, DatabaseError) and state.startswith(_POSTGRESQL_DATA_CLASSES)
