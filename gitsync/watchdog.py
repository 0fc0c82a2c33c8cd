"""Ends a worker that is alive but stuck, so that its supervisor starts a new one.

Errors are handled where they occur. What remains are calls that never return: a connection to a frozen database, or a
consumer that receives nothing after a restart of the broker. Git commands have time limits of their own.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

logger = logging.getLogger(__name__)

#: A thread at work that gives no sign of life for this many seconds is stuck.
SILENCE_SECONDS = 180.0
#: The messages that have to be sent in vain before the worker counts as deaf: other workers may receive some.
_UNANSWERED_MESSAGES = 10

#: When each thread at work gave its last sign of life, by thread id.
_signs: dict[int, float] = {}
_files: dict[int, tuple[Path, float]] = {}
_TOUCH_SECONDS = 5.0


@contextmanager
def at_work() -> Iterator[None]:
    """Expect signs of life of this thread during the block; a nested block changes nothing."""
    if threading.get_ident() in _signs:
        yield
        return
    _signs[threading.get_ident()] = time.monotonic()
    try:
        yield
    finally:
        _signs.pop(threading.get_ident(), None)


@contextmanager
def touching(file: Path) -> Iterator[None]:
    """Let each `beat` of this thread set the time of a file, by which other processes see its progress."""
    thread = threading.get_ident()
    _files[thread] = (file, time.monotonic())
    try:
        yield
    finally:
        _files.pop(thread, None)


def beat() -> None:
    """Give a sign of life, from any long operation that makes progress."""
    if threading.get_ident() in _signs:
        _signs[threading.get_ident()] = time.monotonic()
    if (entry := _files.get(threading.get_ident())) and time.monotonic() - entry[1] > _TOUCH_SECONDS:
        _files[threading.get_ident()] = (entry[0], time.monotonic())
        with suppress(OSError):  # The lock counts, and not its file.
            os.utime(entry[0])


class Watchdog:
    """A thread that watches all others.

    `send` asks for a message from the broker to this worker; `count_sent` returns how many the broker has accepted.
    """

    def __init__(self, send: Callable[[], object], count_sent: Callable[[], int]) -> None:
        self._send, self._count_sent = send, count_sent
        self.message_received()

    def start(self) -> None:
        """Start watching; the thread ends with the process."""
        self.message_received()
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def message_received(self) -> None:
        """Note that the broker has delivered a message."""
        self._received_at, self._sent_before = time.monotonic(), self._count_sent()

    def problem(self) -> str:
        """Return why this worker does nothing; the empty string if it works."""
        now = time.monotonic()
        if any(now - sign > SILENCE_SECONDS for sign in list(_signs.values())):
            return "a thread is stuck"
        silence = now - self._received_at
        if silence > SILENCE_SECONDS / 3:
            self._send()
        unanswered = self._count_sent() - self._sent_before
        # With two threads at work, messages may be waiting for a free thread.
        if silence > SILENCE_SECONDS and len(_signs) < 2 and unanswered >= _UNANSWERED_MESSAGES:
            return "the broker accepts messages and delivers none"
        return ""

    def _run(self) -> None:
        while True:
            time.sleep(SILENCE_SECONDS / 18)
            if problem := self.problem():
                logger.critical("this worker has done nothing for %.0f s and exits: %s", SILENCE_SECONDS, problem)
                os._exit(1)
