"""PostgreSQL timeouts for the web process: if the database doesn't respond within a few seconds, visitors get a 503.

The server's own timeouts do not work if its process hangs, so the client side of the connection has slightly longer
timeouts as well. Commands and the worker have no timeouts.
"""

from functools import partial
from time import monotonic
from typing import Any

from django.db import connection as thread_connection
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection
from psycopg.abc import RV, PQGen
from psycopg.errors import OperationalError
from psycopg.pq import TransactionStatus

#: The timeout for the health check of an existing connection. A new connection may take 3 s, so a request whose
#: connection hangs ends within 5 s.
_HEALTH_CHECK_SECONDS = 1.0
_STATEMENT_SECONDS = 3.5
_ANSWER_SECONDS = 4.0
#: Skip the health check if the server responded this recently, since no server restarts faster than that.
_FRESH_SECONDS = 0.25


def set_timeouts(sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Set the timeouts for a new connection."""
    if connection.vendor != "postgresql":
        return
    limit = f"{_STATEMENT_SECONDS:g}s"
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{limit}'; SET lock_timeout = '{limit}'")
    connection.connection.wait = partial(_wait, connection, connection.connection)


def skip_health_check(**kwargs: Any) -> None:
    """When a request starts, skip the health check if the server has just responded on this connection.

    The check would take as long as the query itself.
    """
    database: Any = thread_connection
    if database.connection and monotonic() - getattr(database, "answered_at", 0.0) < _FRESH_SECONDS:
        database.health_check_done = True


def _wait(database: Any, connection: Connection[Any], gen: PQGen[RV], **options: Any) -> RV:
    """Wait like psycopg, but with a timeout, after which the connection is closed because its state is unknown."""
    seconds = _ANSWER_SECONDS if database.health_check_done else _HEALTH_CHECK_SECONDS
    try:
        answer = Connection.wait(connection, gen, **{"timeout": seconds, **options})
        database.answered_at = monotonic()
        return answer
    except OperationalError:
        if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
            connection.close()
        raise
