"""Git as a process: its environment, input and output, termination, and error messages."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO

from gitsync import watchdog
from gitsync.errors import CloneBrokenError, DiskFullError, RemoteUnsupportedError

#: Set when this process is asked to stop; running Git commands are then killed.
stop_requested = threading.Event()

#: The maximum number of seconds for a command without network access.
LOCAL_SECONDS = 600.0
_POLL_SECONDS = 5.0
#: Git needs about five: for the transport, for sending or receiving a pack, and for the connectivity check.
_MAX_PROCESSES = 8
#: Git's error messages about a full disk.
NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded|Out of diskspace")
#: Progress messages from Git, here or on the remote: `Writing objects:  45% (9/20)`, overwritten on one line.
_OVERWRITTEN = re.compile(r"^[^\n]*\r(?!\n)", re.MULTILINE)
_PROGRESS = re.compile(
    r"^(remote: )?((Enumerating|Counting|Compressing|Writing|Resolving|Unpacking|Checking) \w+:|Total \d"
    r"|Delta compression using)[^\n]*(\n|$)",
    re.MULTILINE,
)
_PASSED_ON = {"PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH"}


@dataclass(frozen=True)
class Finished:
    """The result of a Git command: its exit status, output and error messages."""

    status: int
    stdout: bytes
    stderr: str


class OutputReader:
    """Reads the output of a running process; `read_at` is the time of the latest output."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.read_at = monotonic()
        self._stdout, self._stderr = bytearray(), bytearray()
        pipes = ((process.stdout, self._stdout), (process.stderr, self._stderr))
        self._threads = [
            threading.Thread(target=self._read, args=pair, name="read-output", daemon=True) for pair in pipes
        ]
        for thread in self._threads:
            thread.start()

    def finished(self, status: int) -> Finished:
        """Return the result of the process after it has exited, without its progress messages."""
        for thread in self._threads:
            thread.join(_POLL_SECONDS)
        messages = _OVERWRITTEN.sub("", bytes(self._stderr).decode(errors="replace"))
        return Finished(status, bytes(self._stdout), _PROGRESS.sub("", messages))

    def _read(self, pipe: IO[bytes], output: bytearray) -> None:
        with suppress(OSError, ValueError):  # The process was killed and its pipes are closed.
            while chunk := os.read(pipe.fileno(), 64 * 1024):
                output += chunk
                self.read_at = monotonic()


def clean_environment() -> dict[str, str]:
    """Return the environment for all Git commands.

    GitPython adds the variables of this process. Therefore all others, including secrets, are blanked here, and those
    that configure Git are removed from this process.
    """
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    blank = dict.fromkeys((name for name in os.environ if name not in _PASSED_ON), "")
    return blank | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        # Otherwise glibc frees and reallocates memory for every object, and fast-import takes three times as long.
        "MALLOC_TRIM_THRESHOLD_": "67108864",
        "LC_ALL": "C",
        "LANGUAGE": "C",
    }


def check_group(process: subprocess.Popen[bytes]) -> None:
    """Raise RemoteUnsupportedError if a command has started more Git processes than any command needs.

    With some remotes, Git starts a new process to fetch each missing object, and each process endlessly starts another.
    """
    count = sum(_is_git_in_group(stat, process.pid) for stat in Path("/proc").glob("[0-9]*/stat"))
    if count > _MAX_PROCESSES:
        raise RemoteUnsupportedError(f"the remote made Git start {count} processes for one command, which was killed")


def _is_git_in_group(stat: Path, group: int) -> bool:
    """Return whether a running process (see proc(5)) belongs to this group and is Git or one of its programs."""
    try:
        head, _, fields = stat.read_text(errors="replace").rpartition(")")
    except OSError:  # It has exited.
        return False
    state, _, process_group, *_ = fields.split()
    return process_group == str(group) and state != "Z" and head.partition("(")[2].startswith("git")


def feed(process: subprocess.Popen[bytes], content: bytes) -> None:
    """Write all of a process's input in a thread, then close the pipe.

    `communicate` with a timeout also does this, but drops the unwritten part on each timeout.
    """
    pipe, process.stdin = process.stdin, None
    if pipe is None:
        return

    def write() -> None:
        with suppress(BrokenPipeError), pipe:
            pipe.write(content)

    threading.Thread(target=write, name="feed", daemon=True).start()


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group if it is still running, and wait for it to exit."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # It has just exited by itself.
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # The process did not read the rest of its input.


def wait_for_end(process: subprocess.Popen[bytes]) -> str:
    """Wait until a process that has received all of its input exits; return its error messages."""
    deadline = monotonic() + LOCAL_SECONDS
    try:
        while monotonic() < deadline:
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=_POLL_SECONDS)[1].decode(errors="replace")
            watchdog.beat()
        return "fast-import did not end"
    finally:
        end(process)


def split_at_nul(stdout: IO[bytes]) -> Iterator[bytes]:
    """Yield the fields of NUL-separated output."""
    rest = b""
    while chunk := stdout.read(64 * 1024):
        watchdog.beat()
        *fields, rest = (rest + chunk).split(b"\0")
        yield from fields


def local_error(command: str, finished: Finished) -> CloneBrokenError | DiskFullError:
    """Return the error for a failed command that does not access the network."""
    kind = DiskFullError if NO_SPACE.search(finished.stderr) else CloneBrokenError
    end = f"killed by signal {-finished.status}" if finished.status < 0 else f"exit status {finished.status}"
    return kind(f"git {command}: {finished.stderr.strip()[-500:] or end}")
