"""One writer at a time on this machine: a lock on a file, which the system gives back when its owner dies."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

from gitsync import watchdog
from gitsync.errors import BusyError


@contextlib.contextmanager
def exclusive(path: Path, *, wait: float = 0) -> Iterator[None]:
    """Hold the lock on the file at `path`. Raises BusyError when somebody else still holds it after `wait` seconds.

    The lock is a convenience. What makes two writers harmless is that the remote compares before it swaps.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = monotonic() + wait
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() >= deadline:
                    raise BusyError("another process is writing to the mirror right now") from None
                watchdog.beat()
                sleep(0.1)
        yield
