"""Git as a process: what it is told by its environment, how it is ended, and what its complaints mean."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import IO

from gitsync import watchdog
from gitsync.errors import CloneBrokenError, DiskFullError

#: Set when the process is asked to end: Git commands that are still running are given up.
stop_requested = threading.Event()

#: The longest that a command without a network may take.
LOCAL_SECONDS = 600.0
_LOOK_SECONDS = 5.0
#: How Git says that a disk is full.
NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded|Out of diskspace")
#: How Git says how far it is, or the Git of a remote: `Writing objects:  45% (9/20)`, over and over in one line.
_OVERWRITTEN = re.compile(r"^[^\n]*\r(?!\n)", re.MULTILINE)
_PROGRESS = re.compile(
    r"^(remote: )?((Enumerating|Counting|Compressing|Writing|Resolving|Unpacking|Checking) \w+:|Total \d"
    r"|Delta compression using)[^\n]*(\n|$)",
    re.MULTILINE,
)
_KEEP = {"PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH"}


@dataclass(frozen=True)
class Finished:
    """A Git command that has ended: its exit status, what it wrote, and its complaints."""

    status: int
    stdout: bytes
    stderr: str


class Listener:
    """Reads what a process says while it runs; `heard_at` is when it last said something."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.heard_at = monotonic()
        self._stdout, self._stderr = bytearray(), bytearray()
        pipes = ((process.stdout, self._stdout), (process.stderr, self._stderr))
        self._threads = [threading.Thread(target=self._read, args=pair, name="listen", daemon=True) for pair in pipes]
        for thread in self._threads:
            thread.start()

    def finished(self, status: int) -> Finished:
        """Return what a process that has ended has said, without how far it was."""
        for thread in self._threads:
            thread.join(_LOOK_SECONDS)
        words = _OVERWRITTEN.sub("", bytes(self._stderr).decode(errors="replace"))
        return Finished(status, bytes(self._stdout), _PROGRESS.sub("", words))

    def _read(self, pipe: IO[bytes], said: bytearray) -> None:
        with suppress(OSError, ValueError):  # It was ended, and its pipes closed.
            while piece := os.read(pipe.fileno(), 64 * 1024):
                said += piece
                self.heard_at = monotonic()


def clean_environment() -> dict[str, str]:
    """Return what Git is told by its environment: ours alone.

    GitPython adds the variables of this process, so those that are none of Git's business, secrets among them, are
    blanked, and those that would steer Git are removed from the process for good.
    """
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    blank = dict.fromkeys((name for name in os.environ if name not in _KEEP), "")
    return blank | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        # Else glibc gives memory back and takes it again for every object, and fast-import takes thrice as long.
        "MALLOC_TRIM_THRESHOLD_": "67108864",
        "LC_ALL": "C",
        "LANGUAGE": "C",
    }


def feed(process: subprocess.Popen[bytes], content: bytes) -> None:
    """Give a process all of its input, and close it, without waiting for the process to take it.

    `communicate` with a time limit would do that as well, but forgets what is left when the time is up.
    """
    pipe, process.stdin = process.stdin, None
    if pipe is None:
        return

    def give() -> None:
        with suppress(BrokenPipeError), pipe:
            pipe.write(content)

    threading.Thread(target=give, name="feed", daemon=True).start()


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and its group, and wait for it."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # It ended by itself in this moment.
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # What was left in the buffer is not wanted any more.


def closed(process: subprocess.Popen[bytes]) -> str:
    """Let a process that has been given everything end, and return its complaints."""
    deadline = monotonic() + LOCAL_SECONDS
    try:
        while monotonic() < deadline:
            with suppress(subprocess.TimeoutExpired):
                _, err = process.communicate(timeout=_LOOK_SECONDS)
                return err.decode(errors="replace")
            watchdog.beat()
        return "fast-import did not end"
    finally:
        end(process)


def split_at_nul(stdout: IO[bytes]) -> Iterator[bytes]:
    """Yield the fields of output that is separated by NULs."""
    rest = b""
    while chunk := stdout.read(64 * 1024):
        watchdog.beat()
        *fields, rest = (rest + chunk).split(b"\0")
        yield from fields


def broken(command: str, words: str) -> CloneBrokenError | DiskFullError:
    """Return the error for a local command that failed."""
    words = words.strip()
    if NO_SPACE.search(words):
        return DiskFullError(f"git {command}: {words[-500:]}")
    return CloneBrokenError(f"git {command}: {words[-500:]}")
