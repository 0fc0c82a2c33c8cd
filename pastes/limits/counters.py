"""Rate limit counters, shared by all processes without waiting for disk I/O.

A counter is a single number, the time at which all its charges will have been worked off (generic cell rate algorithm,
ITU-T I.371). Counters are stored in Redis if the site uses it, and otherwise in a fixed-size table in a file that all
processes map into memory. Losing a counter is harmless: its caller starts again from zero.
"""

import contextlib
import fcntl
import hashlib
import logging
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from pastes.limits.rates import Rate

logger = logging.getLogger(__name__)

_SLOT = struct.Struct("=Qd")
_SLOTS_TOGETHER = 4
_PLACES = 1 << 14
_TABLE_BYTES = _SLOT.size * _SLOTS_TOGETHER * _PLACES
#: The number of seconds to use the table on this machine after Redis has failed.
_REST_SECONDS = 30.0
_TIMEOUT_SECONDS = 0.2
_TOLERANCE_SECONDS = 1e-6

#: An atomic version of `_after` for Redis.
_SCRIPT = """
local now = tonumber(ARGV[1])
local stored = tonumber(redis.call('GET', KEYS[1]) or '0')
local bounded = math.min(stored, now + tonumber(ARGV[3]))
local busy = math.max(bounded, now) + tonumber(ARGV[2])
local wait = busy - now - tonumber(ARGV[3])
if wait > 0.000001 then
  busy = bounded
end
if wait <= 0.000001 or bounded < stored then
  redis.call('SET', KEYS[1], string.format('%.6f', busy), 'EX', math.max(math.ceil(busy - now), 0) + 1)
end
return string.format('%.6f', wait)
"""


def charge(name: str, rate: Rate) -> float:
    """Charge one use of a rate to a counter. Return the number of seconds to wait (<= 0: granted).

    Each interval below 0 stands for one more use that would be granted immediately.
    """
    return _charge(name, rate.interval, rate.interval * rate.burst)


def refund(name: str, rate: Rate) -> None:
    """Undo a `charge`."""
    _charge(name, -rate.interval, float("inf"))


def _charge(name: str, cost: float, room: float) -> float:
    client = _redis.client()
    if client is not None:
        import redis  # Slow to import, and most sites do not use Redis.

        try:
            allowed = min(room, 1e12)
            return float(client.eval(_SCRIPT, 1, f"pasteur:limit:{name}", time.time(), cost, allowed))
        except redis.RedisError as error:
            _redis.rest(error)
    try:
        return _table.charge(name, cost, room)
    except OSError as error:
        logger.warning("requests are not counted: %s", error)
        return 0.0


def _after(busy_until: float, now: float, cost: float, room: float) -> tuple[float, float]:
    """Return the new value of a counter and the number of seconds to wait for the charge (<= 0: granted).

    A value beyond `room` was stored before the clock was set back. Without the bound, its caller would be locked out
    for that long.
    """
    bounded = min(busy_until, now + room)
    busy = max(bounded, now) + cost
    wait = busy - now - room
    return (busy if wait <= _TOLERANCE_SECONDS else bounded), wait


class _Table:
    """A memory-mapped file. Each place has slots for a few counters, of which the longest idle is replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._file: int = -1
        self._memory: mmap.mmap | None = None

    def charge(self, name: str, cost: float, room: float) -> float:
        """Charge `cost` to a counter. Return the number of seconds to wait (<= 0: granted)."""
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        place, mark = struct.unpack("=QQ", digest)
        start = place % _PLACES * _SLOTS_TOGETHER * _SLOT.size
        with self._lock, self._opened() as memory:
            offsets = [start + number * _SLOT.size for number in range(_SLOTS_TOGETHER)]
            slots = {offset: _SLOT.unpack_from(memory, offset) for offset in offsets}
            offset = next((offset for offset in offsets if slots[offset][0] == mark), None)
            if offset is None:
                offset = min(offsets, key=lambda offset: slots[offset][1])
                slots[offset] = (mark, 0.0)
            busy, wait = _after(slots[offset][1], time.time(), cost, room)
            if wait <= _TOLERANCE_SECONDS or busy < slots[offset][1]:
                _SLOT.pack_into(memory, offset, mark, busy)
            return wait

    @contextlib.contextmanager
    def _opened(self) -> Iterator[mmap.mmap]:
        path = settings.DATA_DIR / "limits"
        if self._memory is None or self._path != path:
            self._open(path)
        memory = self._memory
        assert memory is not None  # noqa: S101  (_open has set it, or raised)
        fcntl.lockf(self._file, fcntl.LOCK_EX)  # This kind of lock is not inherited by forked processes.
        try:
            yield memory
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _open(self, path: Path) -> None:
        if self._memory is not None:
            self._memory.close()
            os.close(self._file)
            self._memory = None
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.posix_fallocate(self._file, 0, _TABLE_BYTES)  # Writing to mapped memory when the disk is full is fatal.
        self._memory, self._path = mmap.mmap(self._file, _TABLE_BYTES), path


class _Redis:
    """The cache's Redis, if the site uses it and it has not failed recently."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._back_at = 0.0

    def client(self) -> Any:
        """Return the client, or None."""
        url = settings.CACHES["default"].get("LOCATION", "")
        if not url or time.monotonic() < self._back_at:
            return None
        if url not in self._clients:
            import redis  # See above.

            timeouts = {"socket_connect_timeout": _TIMEOUT_SECONDS, "socket_timeout": _TIMEOUT_SECONDS}
            self._clients[url] = redis.Redis.from_url(url, **timeouts)
        return self._clients[url]

    def rest(self, error: Exception) -> None:
        """Use the table for a while after an error."""
        logger.warning("Redis cannot count requests (%s); counting on this machine for %g s", error, _REST_SECONDS)
        self._back_at = time.monotonic() + _REST_SECONDS


_table = _Table()
_redis = _Redis()
