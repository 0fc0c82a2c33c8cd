"""Lets one thread at a time write to SQLite, across processes, in turn and with a limit on the time to wait.

SQLite itself makes writers retry with ever longer naps: under load, some are starved (docs/adr/0042). A lock on a file
beside the database wakes the next writer at once; SQLite's own lock still protects the data.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from time import monotonic

from django.db import OperationalError, connection

#: As long as SQLite waits for its own lock; see the settings.
SECONDS = 20.0
#: One thread of each process waits for the file; the system would wake all of them.
_process_lock = threading.Lock()


@contextlib.contextmanager
def write_lock(seconds: float | None = None) -> Iterator[None]:
    """Hold the lock for writing; do nothing on other databases and inside a transaction.

    Raises OperationalError, as SQLite does, after waiting this long (SECONDS by default).
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    seconds = max(0.0, SECONDS if seconds is None else seconds)
    deadline = monotonic() + seconds
    if not _process_lock.acquire(timeout=seconds):
        raise OperationalError("database is locked")
    try:
        file = _open(f"{connection.settings_dict['NAME']}-turn", os.getpid())
        if not file.lock(deadline):
            raise OperationalError("database is locked")
        try:
            yield
        finally:
            file.unlock()
    finally:
        _process_lock.release()


class _FileLock:
    """A lock on a file for one thread at a time, with a limit on the time to wait.

    The system has no such limit. When the lock is not free, a thread of its own waits for it, and unlocks it again when
    the time of the caller is over by then.
    """

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._changed = threading.Condition()
        #: Whether a caller waits, whether the thread does, and whether the thread has got the lock for the caller.
        self._is_wanted = self._is_waiting = self._is_locked = False
        self._thread: threading.Thread | None = None

    def lock(self, deadline: float) -> bool:
        """Return whether the lock was free before the deadline."""
        with self._changed:
            if not self._is_waiting:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
            if deadline <= monotonic():
                return False
            self._is_wanted = self._is_waiting = True
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._wait_for_lock, name="write lock", daemon=True)
                self._thread.start()
            self._changed.wait_for(lambda: self._is_locked, deadline - monotonic())
            is_locked, self._is_wanted, self._is_locked = self._is_locked, False, False
            return is_locked

    def unlock(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _wait_for_lock(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_waiting)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            with self._changed:
                self._is_waiting = False
                self._is_locked = self._is_wanted
                if self._is_locked:
                    self._changed.notify_all()
                else:
                    self.unlock()


@lru_cache(maxsize=1)
def _open(path: str, process_id: int) -> _FileLock:
    """Return the lock, opened once in each process: a fork would share the lock of an inherited file."""
    return _FileLock(path)
