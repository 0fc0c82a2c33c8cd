"""A lock that lets one thread at a time write to SQLite, across processes, in order and with a timeout.

SQLite itself makes writers sleep and retry at increasing intervals, so that some starve under load (docs/adr/0042). A
lock on a file next to the database wakes the next writer immediately. SQLite's own lock still protects the data.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from time import monotonic

from django.db import OperationalError, connection

#: The same timeout as SQLite uses for its own lock; see the settings.
SECONDS = 20.0
#: Only one thread per process waits for the file, because the system would wake all of them.
_process_lock = threading.Lock()


@contextlib.contextmanager
def write_lock(seconds: float | None = None) -> Iterator[None]:
    """Hold the write lock. Do nothing on other databases or inside a transaction.

    After waiting for `seconds` (SECONDS by default), raise OperationalError, as SQLite does.
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
    """A file lock for one thread at a time, with a timeout.

    The system's file locks have no timeout. If the lock is not free, a separate thread waits for it, and releases it
    again if the caller has timed out by then.
    """

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._changed = threading.Condition()
        #: Whether a caller is waiting, whether the thread is, and whether the thread holds the lock for the caller.
        self._is_wanted = self._is_waiting = self._is_locked = False
        self._thread: threading.Thread | None = None

    def lock(self, deadline: float) -> bool:
        """Acquire the lock and return True, or return False if it is not free before the deadline."""
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
    """Return the lock, opened once per process: a forked process would share the lock of an inherited file."""
    return _FileLock(path)
