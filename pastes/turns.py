"""Writers to SQLite take turns. It lets one write at a time, and makes the others ask again after ever longer naps.

A lock on a file beside the database wakes the next writer at once instead; the database's own lock stays what counts.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from functools import lru_cache

from django.db import connection

#: The system wakes everybody who waits for a file at once; of each process, only one does.
_in_this_process = threading.Lock()


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Wait for the turn to write; on other databases, and inside a transaction, go on at once."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with _in_this_process:
        file = _opened(f"{connection.settings_dict['NAME']}-turn", os.getpid())
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


@lru_cache(maxsize=1)
def _opened(path: str, pid: int) -> int:
    """Return the file, opened once by each process: what is inherited through a fork shares its lock."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
