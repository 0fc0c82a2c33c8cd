"""Adapts the size of a push to the remote: half as much after one that broke off, more again after each that arrived.

A slow line, a proxy that resets large requests, or one that answers 411 or 504 lets smaller pushes through.
"""

from gitsync.errors import GitsyncError, RemoteTimeoutError, RemoteUnreachableError
from gitsync.models import Mirror
from gitsync.repository.process import stop_requested

#: The maximum of one push, in bytes; the next drain follows at once.
MAX_BYTES = 64 * 1024 * 1024
#: What a commit adds to its texts: its header, and the trees on the way to its folder.
COMMIT_BYTES = 1_500
#: What even a slow line sends within the time that every push has.
_SMALL_BYTES = 1024 * 1024


def limit(mirror: Mirror) -> int:
    """Return the number of bytes after which the next push is full."""
    return mirror.batch_bytes or MAX_BYTES


def large(size: int) -> int:
    """Return the bytes of a push of `size` bytes for which it gets more time."""
    return max(size - _SMALL_BYTES, 0)


def shrink(mirror: Mirror, size: int, error: GitsyncError) -> None:
    """Halve the next push after one of `size` bytes failed, unless the error has another cause than its size."""
    if size and type(error) in {RemoteTimeoutError, RemoteUnreachableError} and not stop_requested.is_set():
        mirror.batch_bytes = max(min(size, limit(mirror)) // 2, COMMIT_BYTES)
        mirror.save(update_fields=["batch_bytes"])


def grow(mirror: Mirror) -> None:
    """Let the next push be half as large again, until it has its full size."""
    if mirror.batch_bytes:
        larger = mirror.batch_bytes + mirror.batch_bytes // 2
        mirror.batch_bytes = larger if larger < MAX_BYTES else None
        mirror.save(update_fields=["batch_bytes"])
