"""How often each caller did what, shared by all processes, and never waiting for a disk.

One number for each caller and rate is enough (the generic cell rate algorithm, ITU-T I.371): the time at which all that
was taken will have been worked off. It lies in a table of fixed size in a file that all processes map into their
memory, or in Redis where the site has one. A tally that gets lost lets a caller start anew, and harms nobody.
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
#: Seconds for which Redis is left alone after it failed; the table of this machine counts meanwhile.
_REST_SECONDS = 30.0
_TIMEOUT_SECONDS = 0.2

#: Takes one, unless that is too much: the same as `_after` does, where the numbers are.
_SCRIPT = """
local now = tonumber(ARGV[1])
local busy = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + tonumber(ARGV[2])
local wait = busy - now - tonumber(ARGV[3])
if wait <= 0.000001 then
  redis.call('SET', KEYS[1], string.format('%.6f', busy), 'EX', math.max(math.ceil(busy - now), 0) + 1)
end
return string.format('%.6f', wait)
"""


def take(name: str, rate: Rate) -> float:
    """Take one of what a rate allows under a name; returns the seconds to wait, 0 or less when it was granted.

    The less, the more is left: every further interval below 0 is one more that may follow at once.
    """
    return _counted(name, rate.interval, rate.interval * rate.burst)


def give_back(name: str, rate: Rate) -> None:
    """Undo a `take` that came to nothing."""
    _counted(name, -rate.interval, float("inf"))


def _counted(name: str, cost: float, room: float) -> float:
    client = _redis.client()
    if client is not None:
        import redis  # Most sites have none, and start sooner without it.

        try:
            allowed = min(room, 1e12)
            return float(client.eval(_SCRIPT, 1, f"pasteur:limit:{name}", time.time(), cost, allowed))
        except redis.RedisError as error:
            _redis.rest(error)
    try:
        return _table.counted(name, cost, room)
    except OSError as error:
        logger.warning("requests are not counted: %s", error)
        return 0.0


def _after(busy_until: float, now: float, cost: float, room: float) -> tuple[float, float]:
    """Return until when a caller is busy after taking one, and how long it would have to wait for that."""
    busy = max(busy_until, now) + cost
    return busy, busy - now - room


class _Table:
    """The file, mapped into memory; a place holds a few callers, of whom the one idle for longest makes room."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._file: int = -1
        self._memory: mmap.mmap | None = None

    def counted(self, name: str, cost: float, room: float) -> float:
        """Do what `_counted` does."""
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        place, mark = struct.unpack("=QQ", digest)
        start = place % _PLACES * _SLOTS_TOGETHER * _SLOT.size
        with self._lock, self._opened() as memory:
            slots = [start + number * _SLOT.size for number in range(_SLOTS_TOGETHER)]
            held = {slot: _SLOT.unpack_from(memory, slot) for slot in slots}
            slot = next((one for one in slots if held[one][0] == mark), None)
            if slot is None:
                slot = min(slots, key=lambda one: held[one][1])
                held[slot] = (mark, 0.0)
            busy, wait = _after(held[slot][1], time.time(), cost, room)
            if wait <= 1e-6:
                _SLOT.pack_into(memory, slot, mark, busy)
            return wait

    @contextlib.contextmanager
    def _opened(self) -> Iterator[mmap.mmap]:
        path = settings.DATA_DIR / "limits"
        if self._memory is None or self._path != path:
            self._open(path)
        memory = self._memory
        assert memory is not None  # noqa: S101  (_open has set it, or raised)
        fcntl.lockf(self._file, fcntl.LOCK_EX)  # Belongs to the process, also where a fork inherits the file.
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
        os.posix_fallocate(self._file, 0, _TABLE_BYTES)  # What is mapped must not run out of disk.
        self._memory, self._path = mmap.mmap(self._file, _TABLE_BYTES), path


class _Redis:
    """The Redis of the cache, or none: where there is none, and for a while after it failed."""

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
        """Leave Redis alone for a while."""
        logger.warning("Redis does not count requests (%s); this machine does for %g s", error, _REST_SECONDS)
        self._back_at = time.monotonic() + _REST_SECONDS


_table = _Table()
_redis = _Redis()
