"""Group commit: writes that come while another one waits for the disk share a transaction, and one wait for the disk.

For SQLite, which lets one write at a time anyway; where many may write, each has a transaction of its own. No write
waits for others to come. In each process one thread writes at a time, all that came while the one before it wrote; on
a site that is asked little, that is its own write alone.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from time import monotonic

from django.db import InterfaceError, OperationalError, connection, transaction

from pastes.storage import write_lock
from pastes.storage.write_lock import turn

logger = logging.getLogger(__name__)

#: So many writes share a transaction at most; the first of them waits for the last.
_MOST = 64


class UndoneError(Exception):
    """The transaction has failed, not through this write as far as anybody knows: make it again, alone."""


@dataclass(eq=False)
class _Write:
    """What a thread wants to have written, and what came of it."""

    work: Callable[[], None]
    context: Context = field(default_factory=copy_context)
    is_over: bool = False
    error: Exception | None = field(default_factory=UndoneError)
    began_at: float = field(default_factory=monotonic)


#: Held by the thread that writes for this process.
_writing = threading.Lock()
_waiting: deque[_Write] = deque()


def commit(work: Callable[[], None], *, alone: bool = False) -> None:
    """Do the work in a transaction that is on disk when this returns; others share it, unless it is to be `alone`.

    Another thread may do the work, with its connection and language, and the context variables of this one. Inside a
    transaction it is a part of that.

    Raises what the work raises, and UndoneError.
    """
    if alone or connection.vendor != "sqlite" or connection.in_atomic_block:
        with turn(), transaction.atomic():
            work()
    else:
        write = _Write(work)
        _waiting.append(write)
        with _writing:
            while not write.is_over:
                _write_together([_waiting.popleft() for _ in range(min(_MOST, len(_waiting)))])
        if write.error:
            raise write.error


def _write_together(group: list[_Write]) -> None:
    """Write all of a group, or none."""
    current: _Write | None = None
    stored: list[bool] = []
    seconds = write_lock.SECONDS - (monotonic() - min(write.began_at for write in group))
    try:
        with turn(seconds), transaction.atomic():
            transaction.on_commit(lambda: stored.append(True))  # The first to be told.
            for current in group:
                current.context.run(current.work)
                connection.validate_no_broken_transaction()
            current = None
    except Exception as error:
        if stored:
            logger.exception("what was to be done after new pastes were stored has failed")
            _tell(group, None)
        elif current:
            current.error = error
        elif len(group) == 1 or isinstance(error, OperationalError | InterfaceError):
            _tell(group, error)  # It would not go better alone.
    else:
        _tell(group, None)
    finally:
        for write in group:
            write.is_over = True


def _tell(group: list[_Write], error: Exception | None) -> None:
    for write in group:
        write.error = error
