"""The only way to the worker's clone: locked, opened, with disk errors translated, and made again when it is broken."""

import errno
import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep, time
from typing import TypeVar

from django.conf import settings

from gitsync import watchdog
from gitsync.errors import BusyError, CloneBrokenError, DiskFullError, LockHeldError
from gitsync.repository.repository import Repository

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_LOCK_POLL_SECONDS = 0.1
#: A holder of the lock that gives no sign of life for this long is stuck; a sweep comes every 10 seconds.
STALLED_SECONDS = 100.0


def with_clone(operation: Callable[[Repository], Result], *, wait: float = 0) -> Result:
    """Run an operation on the clone under the writer's lock, and return its result.

    A broken clone is discarded and the operation runs once more on an empty one, so it must be safe to run twice.
    Raises BusyError when another process still holds the lock after `wait` seconds, DiskFullError when a disk is full,
    and CloneBrokenError when the second run fails as well.
    """
    path = settings.GITSYNC_CLONE_DIR
    with _disk_errors(), _writer_lock(wait):
        try:
            with _disk_errors():
                return operation(Repository.open(path))
        except CloneBrokenError as error:
            logger.warning("the local clone is broken and is made again: %s", error)
        Repository(path).discard()
        return operation(Repository.open(path))


@contextmanager
def temporary_clone(name: str, *, wait: float = 0) -> Iterator[Repository]:
    """Yield an empty repository beside the clone, under the writer's lock; it is deleted at the end of the block.

    Raises BusyError when another process still holds the lock after `wait` seconds.
    """
    repository = Repository(settings.GITSYNC_CLONE_DIR.with_name(name))
    with _disk_errors(), _writer_lock(wait):
        repository.discard()  # A killed process may have left it.
        try:
            yield Repository.open(repository.path)
        finally:
            repository.discard()


@contextmanager
def _writer_lock(wait: float) -> Iterator[None]:
    """Hold the lock file beside the clone; the system releases it when its owner dies.

    The lock spares work. What makes two writers harmless is the remote, which compares before it swaps.
    """
    path: Path = settings.GITSYNC_CLONE_DIR.with_suffix(".lock")
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
        with suppress(OSError):  # The lock counts, and not what is in its file.
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        with watchdog.touching(path):
            yield


def _busy(path: Path) -> BusyError:
    """Return the error for a held lock: LockHeldError if its holder has made no progress for STALLED_SECONDS."""
    silence = _seconds_since_change(path)
    if silence >= STALLED_SECONDS:
        sleep(_LOCK_POLL_SECONDS)  # The holder may have locked the file just now, and not yet written to it.
        silence = _seconds_since_change(path)
    holder = path.read_text(errors="replace").strip() or "unknown"
    if silence < STALLED_SECONDS:
        return BusyError(f"another process (pid {holder}) is writing to the mirror")
    return LockHeldError(f"process {holder} has held the lock of the clone for {silence:.0f} seconds without progress")


def _seconds_since_change(path: Path) -> float:
    """Return the seconds since the last change of a file; also by how much it lies ahead of a clock that was set back.

    A holder that works sets the time again within seconds.
    """
    return abs(time() - path.stat().st_mtime)


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Raise DiskFullError or CloneBrokenError in place of the system's errors on the clone's files."""
    try:
        yield
    except OSError as error:
        kind = DiskFullError if error.errno in {errno.ENOSPC, errno.EDQUOT} else CloneBrokenError
        raise kind(": ".join(filter(None, (error.strerror or str(error), error.filename)))) from error
