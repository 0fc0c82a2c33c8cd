"""Lets one thread at a time write to SQLite, across processes, with a limit on the time to wait.

SQLite itself makes writers retry with ever longer naps and fails when none of their tries meets a free moment. Here, a
process waits with one thread, which retries every few milliseconds on a lock file beside the database. SQLite's own
lock still protects the data.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from time import monotonic, sleep

from django.db import OperationalError, connection

#: As long as SQLite waits for its own lock; see the settings.
SECONDS = 20.0
_RETRY_SECONDS = 0.002

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
        _lock(file, deadline)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
    finally:
        _process_lock.release()


def _lock(file: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= deadline:
                raise OperationalError("database is locked") from None
            sleep(_RETRY_SECONDS)
        else:
            return


@lru_cache(maxsize=1)
def _open(path: str, process_id: int) -> int:
    """Open the lock file, once in each process: a fork would share the lock of an inherited descriptor."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
