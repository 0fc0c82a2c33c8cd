"""What the web process demands of PostgreSQL: an answer within seconds, or the visitor gets 503.

The server keeps its limits in the process that serves a connection, and that may be the one that is frozen. So our
side of the connection gives up as well, a moment later. Commands and the worker may take their time.
"""

from functools import partial
from time import monotonic
from typing import Any

from django.db import connection as database_of_thread
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection
from psycopg.abc import RV, PQGen
from psycopg.errors import OperationalError
from psycopg.pq import TransactionStatus

#: With up to 3 s for a new connection, a request that finds its old one frozen still ends within 5 s.
_SIGN_OF_LIFE_SECONDS = 1.0
_STATEMENT_SECONDS = 3.5
_ANSWER_SECONDS = 4.0
#: Seconds for which a connection that has answered is not asked whether it lives; a server does not restart in less.
_FRESH_SECONDS = 0.25


def limit_waiting(sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Limit, as soon as a connection is made, how long anything on it may take."""
    if connection.vendor != "postgresql":
        return
    limit = f"{_STATEMENT_SECONDS:g}s"
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{limit}'; SET lock_timeout = '{limit}'")
    connection.connection.wait = partial(_wait, connection, connection.connection)


def trust_fresh(**kwargs: Any) -> None:
    """At the start of a request, spare a connection that is in use all the time the question whether it lives.

    That question takes as long as the read that follows.
    """
    database: Any = database_of_thread
    if database.connection and monotonic() - getattr(database, "answered_at", 0.0) < _FRESH_SECONDS:
        database.health_check_done = True


def _wait(database: Any, connection: Connection[Any], gen: PQGen[RV], **options: Any) -> RV:
    """Wait as psycopg does, but not for ever; a connection that is given up is closed, since its state is unknown.

    The first question of a request, to a connection from before, is only whether the server is there.
    """
    seconds = _ANSWER_SECONDS if database.health_check_done else _SIGN_OF_LIFE_SECONDS
    try:
        answer = Connection.wait(connection, gen, **{"timeout": seconds, **options})
        database.answered_at = monotonic()
        return answer
    except OperationalError:
        if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
            connection.close()
        raise
