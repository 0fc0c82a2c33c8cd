"""Empty SQLite's write-ahead log, in which erased content would otherwise remain until it is overwritten."""

from django.db import connection

#: The number of milliseconds to wait for readers and the writer. The next run tries again.
_WAIT = 500


def run() -> bool:
    """Move the log into the database file and truncate it. Return whether that was possible."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (timeout,) = cursor.fetchone()
        try:
            cursor.execute(f"PRAGMA busy_timeout = {_WAIT}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (is_busy, *_) = cursor.fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {int(timeout)}")
    return not is_busy
