"""Terminates a worker that is alive but stuck, so that its supervisor starts a new one.

Errors are handled where they occur. That leaves calls that never return, such as a query to a frozen database, and a
consumer that receives nothing after the broker was restarted. Git commands have their own time limits.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

logger = logging.getLogger(__name__)

#: A working thread that shows no sign of life for this many seconds is stuck.
SILENCE_SECONDS = 180.0
#: The number of messages sent without receiving any before the worker counts as stuck; other workers may receive some.
_UNANSWERED_MESSAGES = 10

#: The time of each working thread's last sign of life, keyed by thread id.
_signs: dict[int, float] = {}
_files: dict[int, tuple[Path, float]] = {}
_TOUCH_SECONDS = 5.0


@contextmanager
def at_work() -> Iterator[None]:
    """Expect signs of life from this thread during the block; nested blocks have no effect."""
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
    """Let each `beat` of this thread touch a file during the block, so that other processes can see its progress."""
    thread = threading.get_ident()
    _files[thread] = (file, time.monotonic())
    try:
        yield
    finally:
        _files.pop(thread, None)


def count_at_work() -> int:
    """Return the number of working threads."""
    return len(_signs)


def beat() -> None:
    """Give a sign of life. Called by long operations whenever they make progress."""
    if threading.get_ident() in _signs:
        _signs[threading.get_ident()] = time.monotonic()
    if (entry := _files.get(threading.get_ident())) and time.monotonic() - entry[1] > _TOUCH_SECONDS:
        _files[threading.get_ident()] = (entry[0], time.monotonic())
        with suppress(OSError):  # Only the lock matters, not its file.
            os.utime(entry[0])


class Watchdog:
    """A thread that watches all other threads.

    `send` requests a message from the broker to this worker; `count_sent` returns how many the broker has accepted.
    """

    def __init__(self, send: Callable[[], object], count_sent: Callable[[], int]) -> None:
        self._send, self._count_sent = send, count_sent
        self.message_received()

    def start(self) -> None:
        """Start the thread, which ends with the process."""
        self.message_received()
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def message_received(self) -> None:
        """Record that the broker has delivered a message."""
        self._received_at, self._sent_before = time.monotonic(), self._count_sent()

    def problem(self) -> str:
        """Return why this worker does nothing, or an empty string if it works."""
        now = time.monotonic()
        if any(now - sign > SILENCE_SECONDS for sign in list(_signs.values())):
            return "a thread is stuck"
        silence = now - self._received_at
        if silence > SILENCE_SECONDS / 3:
            self._send()
        unanswered = self._count_sent() - self._sent_before
        # With two threads at work, messages may be waiting for a free thread.
        if silence > SILENCE_SECONDS and len(_signs) < 2 and unanswered >= _UNANSWERED_MESSAGES:
            return "the broker accepts messages but does not deliver them"
        return ""

    def _run(self) -> None:
        while True:
            time.sleep(SILENCE_SECONDS / 18)
            if problem := self.problem():
                logger.critical("this worker has done nothing for %.0f s and exits: %s", SILENCE_SECONDS, problem)
                os._exit(1)
