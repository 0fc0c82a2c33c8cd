"""Group commit for SQLite: writes that arrive during another one share one transaction, and so one wait for the disk.

A write never waits for others to arrive. In each process one thread writes at a time, for all that arrived during the
write before; without load that is its own write alone.
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

#: The first write of a group waits for the last.
_MAX_WRITES = 64


class UndoneError(Exception):
    """The transaction failed, as far as is known because of another write in it. Try again with `alone`."""


@dataclass(eq=False)
class _Write:
    """The work of a waiting thread, and its result."""

    work: Callable[[], None]
    context: Context = field(default_factory=copy_context)
    is_over: bool = False
    error: Exception | None = field(default_factory=UndoneError)
    began_at: float = field(default_factory=monotonic)


#: Held by the thread that writes for this process.
_writing = threading.Lock()
_waiting: deque[_Write] = deque()


def commit(work: Callable[[], None], *, alone: bool = False, is_store: bool = False) -> None:
    """Run the work in a transaction, which is on disk on return; unless `alone`, it may have other work as well.

    Another thread may run the work, with its database connection and this thread's context variables. Inside a
    transaction, the work is part of that. `is_store`: the work is a single `insert.store`, which may need none. Raises
    the errors of the work, and UndoneError.
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
            transaction.on_commit(lambda: committed.append(True))  # Runs before all other hooks.
            for current in group:
                current.context.run(current.work)
                connection.validate_no_broken_transaction()
            current = None
    except Exception as error:
        if committed:
            logger.exception("a hook that runs after new pastes are stored has failed")
            _set_errors(group, None)
        elif current:
            current.error = error
        elif len(group) == 1 or (
            isinstance(error, OperationalError | InterfaceError) and not database_errors.is_about_data(error)
        ):
            _set_errors(group, error)  # Each of them alone would fail too.
    else:
        _set_errors(group, None)
    finally:
        for write in group:
            write.is_over = True


def _set_errors(group: list[_Write], error: Exception | None) -> None:
    for write in group:
        write.error = error
