"""The only access to the worker's clone: locks and opens it, translates disk errors, and recreates a broken clone."""

import errno
import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from django.conf import settings

from gitsync import clone_lock, watchdog
from gitsync.clone_lock import STALLED_SECONDS, StuckHolder
from gitsync.errors import BusyError, CloneBrokenError, DiskFullError, LockHeldError, as_gitsync_error
from gitsync.repository.repository import Repository

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

#: Errors of starting a process: too many arguments, processes or open files, no memory.
_NOT_OF_FILES = {errno.E2BIG, errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
_LOCK_POLL_SECONDS = 0.1


def with_clone(operation: Callable[[Repository], Result], *, wait: float = 0) -> Result:
    """Run an operation on the clone under the writer's lock, and return its result.

    If the clone is broken, it is discarded and the operation is repeated on an empty one, so it must be safe to run
    twice. Raise BusyError if another process still holds the lock after `wait` seconds, DiskFullError if a disk is
    full, and CloneBrokenError if the second run fails as well.
    """
    path = settings.GITSYNC_CLONE_DIR
    with _disk_errors(), _writer_lock(wait):
        try:
            with _disk_errors():
                return operation(Repository.open(path))
        except CloneBrokenError as error:
            logger.warning("the local clone is broken and is recreated: %s", error)
        Repository(path).discard()
        return operation(Repository.open(path))


@contextmanager
def temporary_clone(name: str, *, wait: float = 0) -> Iterator[Repository]:
    """Yield an empty repository next to the clone, under the writer's lock; it is deleted at the end of the block.

    Raise BusyError if another process still holds the lock after `wait` seconds.
    """
    repository = Repository(settings.GITSYNC_CLONE_DIR.with_name(name))
    with _disk_errors(), _writer_lock(wait):
        repository.discard()  # A killed process may have left it behind.
        try:
            yield Repository.open(repository.path)
        finally:
            repository.discard()


@contextmanager
def _writer_lock(wait: float) -> Iterator[None]:
    """Hold the lock file next to the clone; the operating system releases it if its owner dies.

    The lock only avoids wasted work. Two writers are harmless anyway, because the remote uses compare-and-swap.
    """
    path = clone_lock.path()
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = monotonic() + wait
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() >= deadline:
                    raise _busy(path) from None
                watchdog.beat()
                sleep(_LOCK_POLL_SECONDS)
        with suppress(OSError):  # Only the lock matters, not the content of the file.
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        with watchdog.touching(path):
            yield


def _busy(path: Path) -> BusyError:
    """Return the error for a lock held elsewhere: LockHeldError if its holder made no progress for STALLED_SECONDS."""
    silence = clone_lock.seconds_since_change(path)
    if silence >= STALLED_SECONDS:
        sleep(_LOCK_POLL_SECONDS)  # The holder may have only just locked the file, and not yet written to it.
        silence = clone_lock.seconds_since_change(path)
    holder = StuckHolder(clone_lock.holder(path), silence)
    if silence < STALLED_SECONDS:
        return BusyError(f"another process (pid {holder.pid}) is writing to the mirror")
    return LockHeldError(str(holder))


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Translate operating system errors about the clone's files to DiskFullError or CloneBrokenError."""
    try:
        yield
    except OSError as error:
        if error.errno in _NOT_OF_FILES:
            raise as_gitsync_error(error) from error  # The clone is in order; a new one would fail as well.
        kind = DiskFullError if error.errno in {errno.ENOSPC, errno.EDQUOT} else CloneBrokenError
        raise kind(": ".join(filter(None, (error.strerror or str(error), error.filename)))) from error
