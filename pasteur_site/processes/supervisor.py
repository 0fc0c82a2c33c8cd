"""Keeps a few programs running in one foreground tree: all of them, or none.

Each program gets a process group of its own. One that dies is started again; one that keeps dying ends everything.
"""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType

logger = logging.getLogger(__name__)

_GRACE_SECONDS = 8.0
_DEATHS_TOLERATED = 5
_DEATHS_WITHIN_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Program:
    """A program to keep running, and how that goes."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    start_at: float = 0.0
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=_DEATHS_TOLERATED))


class Supervisor:
    """Runs programs until a signal comes or one of them cannot be kept running."""

    def __init__(self, programs: Mapping[str, Sequence[str]]) -> None:
        self.programs = [Program(name, command) for name, command in programs.items()]
        self._signal = 0

    def run(self) -> int:
        """Run until SIGINT, SIGTERM or SIGHUP; returns the exit status, 1 when a program kept dying."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # What a dead child leaves behind becomes ours to end.
        try:
            while not self._signal:
                if not all(self._keep(program) for program in self.programs):
                    return 1
                self._reap()
                time.sleep(0.1)
            logger.info("stopping")
            return 0
        finally:
            self._stop()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signal = number

    def _keep(self, program: Program) -> bool:
        """Start the program when it is not running; returns False when it has died too often."""
        now = time.monotonic()
        if program.process is None:
            if now >= program.start_at:
                program.process = self._start(program)
            return True
        status = program.process.poll()
        if status is None:
            return True
        _kill_group(program.process.pid, signal.SIGKILL)
        self._end_orphans()
        program.process = None
        if len(program.deaths) == _DEATHS_TOLERATED - 1 and now - program.deaths[0] < _DEATHS_WITHIN_SECONDS:
            logger.error("%s died %d times within a minute; stopping everything", program.name, _DEATHS_TOLERATED)
            return False
        while len(program.deaths) >= _DEATHS_TOLERATED - 1:
            program.deaths.popleft()
        program.deaths.append(now)
        program.start_at = now + min(5.0, 0.1 * 2 ** len(program.deaths))
        logger.warning("%s ended (%s); starting it again", program.name, _words(status))
        return True

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=partial(_die_with, os.getpid()),  # noqa: PLW1509  (this process has one thread)
        )

    def _stop(self) -> None:
        running = [program.process for program in self.programs if program.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + _GRACE_SECONDS
        while time.monotonic() < deadline and any(process.poll() is None for process in running):
            time.sleep(0.05)
        for process in running:
            _kill_group(process.pid, signal.SIGKILL)
            process.wait()
        self._end_orphans()

    def _reap(self) -> None:
        """Let processes end for good that were left to us, such as the SSH of a Git that was killed."""
        ours = {program.process.pid for program in self.programs if program.process is not None}
        try:
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in ours:
                os.waitpid(ended.si_pid, 0)
        except ChildProcessError:
            pass  # There is none at the moment.

    def _end_orphans(self) -> None:
        """Kill processes that a dead program had started in groups of their own."""
        ours = {program.process.pid for program in self.programs if program.process is not None}
        try:
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
        except OSError:
            return  # Not on this system.
        for pid in {int(child) for child in children} - ours:
            _kill_group(pid, signal.SIGKILL)
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass  # It is gone already.


def _die_with(parent: int) -> None:
    """Have this process end when its parent does, which may have been killed just before."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _kill_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # Nothing is left of it.


def _words(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
