"""Ends a worker that lives and does nothing, so that whoever keeps it running starts one that works.

Every error is survived where it happens. What is left are calls that never come back: a database connection whose
other end is frozen, a consumer that a broker's restart has left deaf. Git is no such case, it has its own limits.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

#: A thread at work that gives no sign of life for so many seconds is taken for stuck. A sweep comes every 10.
SILENCE_SECONDS = 180.0
#: So many messages have to be sent to the worker, all in vain, before it counts as deaf: others may take some.
_RINGS_IN_VAIN = 10

_signs: dict[int, float] = {}


@contextmanager
def at_work() -> Iterator[None]:
    """Expect signs of life of this thread as long as the block lasts; within another such block, of that one."""
    me = threading.get_ident()
    if me in _signs:
        yield
        return
    _signs[me] = time.monotonic()
    try:
        yield
    finally:
        _signs.pop(me, None)


def beat() -> None:
    """Give a sign of life, from wherever work that may take long gets on."""
    me = threading.get_ident()
    if me in _signs:
        _signs[me] = time.monotonic()


class Heartbeat:
    """A thread that looks after the others. `ring` asks the broker for a message; `rung` says how many it took."""

    def __init__(self, ring: Callable[[], object], rung: Callable[[], int]) -> None:
        self._ring = ring
        self._rung = rung
        self.heard()

    def start(self) -> None:
        """Start watching; the thread ends with the process."""
        self.heard()
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def heard(self) -> None:
        """Note that the broker has sent something."""
        self._heard_at = time.monotonic()
        self._rung_before = self._rung()

    def trouble(self) -> str:
        """Return why this worker does nothing; the empty string while all is well."""
        now = time.monotonic()
        if any(now - sign > SILENCE_SECONDS for sign in list(_signs.values())):
            return "a thread is stuck"
        silence = now - self._heard_at
        if silence > SILENCE_SECONDS / 3:
            self._ring()
        if silence > SILENCE_SECONDS and len(_signs) < 2 and self._rung() - self._rung_before >= _RINGS_IN_VAIN:
            return "the broker takes messages for it and none arrives"
        return ""

    def _run(self) -> None:
        while True:
            time.sleep(SILENCE_SECONDS / 18)
            if trouble := self.trouble():
                logger.critical("this worker has done nothing for %.0f s and ends: %s", SILENCE_SECONDS, trouble)
                os._exit(1)
