"""Standard output and standard error streams that never block.

If a reader stops reading, the pipe fills up and further writes block, so that a mere log line would stop all work.
Lines that cannot be written are therefore dropped and counted. The count is reported as soon as writing is possible.
"""

import errno
import os
import select
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable

_NOTE = "{time} WARNING pasteur_site.output: {lines} lines were dropped because the log could not be written\n"


class DroppingStream:
    """A text stream for a file descriptor. `write` and `flush` neither block nor fail.

    It has no `fileno`, because Celery would write to the descriptor directly and block.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, descriptor: int) -> None:
        self._send = _sender(descriptor)
        self._is_terminal = os.isatty(descriptor)
        self._lock = threading.RLock()  # A signal handler may interrupt a write to write as well.
        self._dropped_lines = 0
        self._is_torn = False
        os.register_at_fork(after_in_child=self._renew_lock)

    def write(self, text: str) -> int:
        with self._lock:
            data = text.encode(self.encoding, self.errors)
            if not self._report_dropped() or not self._write(data):
                self._dropped_lines += data.count(b"\n")
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with self._lock:
            self._report_dropped()

    def isatty(self) -> bool:
        return self._is_terminal

    def writable(self) -> bool:
        return True

    def _report_dropped(self) -> bool:
        """If any lines were dropped, report how many. Return False if that is not possible yet."""
        if not self._dropped_lines and not self._is_torn:
            return True
        note = _NOTE.format(time=time.strftime("%Y-%m-%d %H:%M:%S,000"), lines=self._dropped_lines)
        if not self._write(b"\n" * self._is_torn + note.encode()):
            return False
        self._dropped_lines, self._is_torn = 0, False
        return True

    def _write(self, data: bytes) -> bool:
        """Write the data. Return False if only part of it, or nothing, could be written."""
        written = 0
        while written < len(data):
            try:
                written += self._send(data[written:])
            except OSError:  # The pipe is full or has no reader, or the disk is full.
                self._is_torn = self._is_torn or bool(written)
                return False
        return True

    def _renew_lock(self) -> None:
        self._lock = threading.RLock()


def never_wait() -> None:
    """Replace standard output and standard error. Use this in programs that run until they are stopped."""
    if not isinstance(sys.stdout, DroppingStream):
        sys.stdout = sys.__stdout__ = DroppingStream(1)  # type: ignore[assignment,misc]
        sys.stderr = sys.__stderr__ = DroppingStream(2)  # type: ignore[assignment,misc]


def _sender(descriptor: int) -> Callable[[bytes], int]:
    """Return a function that writes some bytes and returns how many. It raises OSError if none can be written now.

    Setting O_NONBLOCK on the descriptor itself would affect all processes that share it, such as a terminal's shell.
    """
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return len  # It is closed.
    if stat.S_ISSOCK(mode):
        connection = socket.socket(fileno=os.dup(descriptor))
        return lambda data: connection.send(data, socket.MSG_DONTWAIT)
    if not stat.S_ISFIFO(mode) and not os.isatty(descriptor):
        return lambda data: os.write(descriptor, data)  # Writes to files do not wait for readers.
    try:
        own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:  # There is no /proc, or the pipe belongs to another account.
        return lambda data: _write_if_ready(descriptor, data)
    return lambda data: os.write(own, data)


def _write_if_ready(descriptor: int, data: bytes) -> int:
    if not select.select([], [descriptor], [], 0)[1]:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return os.write(descriptor, data[: select.PIPE_BUF])
