"""The lock file beside the worker's clone, as other processes see it. It needs no Git."""

import fcntl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time

from django.conf import settings

#: A holder of the lock that gives no sign of life for this long is stuck; a sweep comes every 10 seconds.
STALLED_SECONDS = 100.0


@dataclass(frozen=True)
class StuckHolder:
    """A process that holds the lock and makes no progress, and the seconds since its last sign of life."""

    pid: str
    seconds: float

    def __str__(self) -> str:
        return f"process {self.pid} has held the lock of the clone for {self.seconds:.0f} seconds without progress"


def path() -> Path:
    """Return the path of the lock file."""
    file: Path = settings.GITSYNC_CLONE_DIR.with_suffix(".lock")
    return file


def stuck_holder() -> StuckHolder | None:
    """Return the holder of the lock if it is stuck. A process without access to the data folder sees none."""
    file = path()
    with suppress(OSError):
        if seconds_since_change(file) >= STALLED_SECONDS and _is_held(file):
            return StuckHolder(holder(file), seconds_since_change(file))
    return None


def holder(file: Path) -> str:
    """Return the process id in the lock file."""
    return file.read_text(errors="replace").strip() or "unknown"


def seconds_since_change(file: Path) -> float:
    """Return the seconds since the last change of a file; also by how much it lies ahead of a clock that was set back.

    A holder that works sets the time again within seconds.
    """
    return abs(time() - file.stat().st_mtime)


def _is_held(file: Path) -> bool:
    with file.open() as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
