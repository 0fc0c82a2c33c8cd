"""Writers to SQLite take turns. It lets one write at a time, and makes the others ask again after ever longer naps.

A lock on a file beside the database wakes the next writer at once instead; the database's own lock stays what counts.
Nobody waits for longer than for that one, in whatever process a writer may be stuck.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from time import monotonic

from django.db import OperationalError, connection

#: As long as SQLite waits for a lock of its own; see the settings.
SECONDS = 20.0
#: The system wakes everybody who waits for a file at once; of each process, only one does.
_in_this_process = threading.Lock()


@contextlib.contextmanager
def turn(seconds: float | None = None) -> Iterator[None]:
    """Wait for the turn to write; on other databases, and inside a transaction, go on at once.

    Raises OperationalError, as SQLite does, when it has not come after so many seconds, SECONDS by default.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    seconds = max(0.0, SECONDS if seconds is None else seconds)
    ends_at = monotonic() + seconds
    if not _in_this_process.acquire(timeout=seconds):
        raise _locked()
    try:
        file = _opened(f"{connection.settings_dict['NAME']}-turn", os.getpid())
        if not file.lock(ends_at):
            raise _locked()
        try:
            yield
        finally:
            file.unlock()
    finally:
        _in_this_process.release()


class _File:
    """A lock on a file, for one thread at a time, that can be waited for with a limit.

    The system knows no such limit, and asking again and again is unfair to whoever asks. So when the lock is not free,
    a thread that does nothing else waits for it; what it gets when nobody wants it any more it gives back.
    """

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._changed = threading.Condition()
        self._is_wanted = self._is_waited_for = self._is_got = False
        self._thread: threading.Thread | None = None

    def lock(self, ends_at: float) -> bool:
        """Return whether the lock could be had before this moment."""
        with self._changed:
            if not self._is_waited_for and self._lock_now():
                return True
            if ends_at <= monotonic():
                return False
            self._is_wanted = self._is_waited_for = True
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._wait_for_ever, name="turn", daemon=True)
                self._thread.start()
            self._changed.wait_for(lambda: self._is_got, ends_at - monotonic())
            is_ours, self._is_wanted, self._is_got = self._is_got, False, False
            return is_ours

    def unlock(self) -> None:
        """Give the lock back."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _lock_now(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait_for_ever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_waited_for)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            with self._changed:
                self._is_waited_for = False
                self._is_got = self._is_wanted
                if self._is_got:
                    self._changed.notify_all()
                else:
                    self.unlock()


def _locked() -> OperationalError:
    return OperationalError("database is locked: no turn to write came in time")


@lru_cache(maxsize=1)
def _opened(path: str, pid: int) -> _File:
    """Return the file, opened once by each process: what is inherited through a fork shares its lock."""
    return _File(path)
