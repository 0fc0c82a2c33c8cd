"""Group commit for SQLite: writes that arrive during another write share a transaction and a single disk flush.

A write never waits for others to arrive. In each process, one thread at a time performs all writes that arrived during
the previous one. Under low load, that is only its own.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from time import monotonic

from django.db import InterfaceError, OperationalError, connection, transaction

from pastes.storage import database_errors, write_lock
from pastes.storage.insert import is_one_statement

logger = logging.getLogger(__name__)

#: The first write of a group has to wait for the last.
_MAX_WRITES = 64


class UndoneError(Exception):
    """The transaction failed, probably because of another write in it. Try again with `alone`."""


@dataclass(eq=False)
class _Write:
    """The work of a waiting thread, and its result."""

    work: Callable[[], None]
    context: Context = field(default_factory=copy_context)
    is_over: bool = False
    error: Exception | None = field(default_factory=UndoneError)
    began_at: float = field(default_factory=monotonic)


#: Held by the thread that is currently writing in this process.
_writing = threading.Lock()
_waiting: deque[_Write] = deque()


def commit(work: Callable[[], None], *, alone: bool = False, is_store: bool = False) -> None:
    """Run the work in a transaction that is on disk on return. Unless `alone`, other work may share the transaction.

    Another thread may run the work, using its own database connection and this thread's context variables. Inside a
    transaction, the work becomes part of it. `is_store` indicates that the work is a single `insert.store`, which may
    not need a transaction. Raise the errors of the work, and UndoneError.
    """
    if is_store and is_one_statement() and not connection.in_atomic_block:
        work()
        return
    if alone or connection.vendor != "sqlite" or connection.in_atomic_block:
        with write_lock.write_lock(), transaction.atomic():
            work()
        return
    write = _Write(work)
    _waiting.append(write)
    with _writing:
        while not write.is_over:
            _write_together([_waiting.popleft() for _ in range(min(_MAX_WRITES, len(_waiting)))])
    if write.error:
        raise write.error


def _write_together(group: list[_Write]) -> None:
    """Commit all writes of a group, or none."""
    current: _Write | None = None
    committed: list[bool] = []
    seconds = write_lock.SECONDS - (monotonic() - min(write.began_at for write in group))
    try:
        with write_lock.write_lock(seconds), transaction.atomic():
            transaction.on_commit(lambda: committed.append(True))  # Runs before any other hook.
            for current in group:
                current.context.run(current.work)
                connection.validate_no_broken_transaction()
            current = None
    except Exception as error:
        if committed:
            logger.exception("a hook that runs after storing new pastes failed")
            _set_errors(group, None)
        elif current:
            current.error = error
        elif len(group) == 1 or (
            isinstance(error, OperationalError | InterfaceError) and not database_errors.is_about_data(error)
        ):
            _set_errors(group, error)  # Each of them would also fail on its own.
    else:
        _set_errors(group, None)
    finally:
        for write in group:
            write.is_over = True


def _set_errors(group: list[_Write], error: Exception | None) -> None:
    for write in group:
        write.error = error
