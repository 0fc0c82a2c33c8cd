"""Runs several programs in the foreground, each in its own process group.

A program that ends is restarted; one that ends too often stops all of them.
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
_MAX_EXITS = 5
_EXIT_WINDOW_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Program:
    """A program, its process if it is running, and the times at which it ended."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    start_at: float = 0.0
    exits: deque[float] = field(default_factory=lambda: deque(maxlen=_MAX_EXITS))


class Supervisor:
    """Runs programs until a signal arrives or one of them ends too often."""

    def __init__(self, programs: Mapping[str, Sequence[str]]) -> None:
        self.programs = [Program(name, command) for name, command in programs.items()]
        self._signal = 0

    def run(self) -> int:
        """Run until SIGINT, SIGTERM or SIGHUP; return the exit status, 1 if a program ended too often."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._receive_signal)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # Orphans of a program become children of this process.
        try:
            while not self._signal:
                if not all(self._ensure_running(program) for program in self.programs):
                    return 1
                self._reap_orphans()
                time.sleep(0.1)
            logger.info("stopping")
            return 0
        finally:
            self._stop()

    def _receive_signal(self, number: int, frame: FrameType | None) -> None:
        self._signal = number

    def _ensure_running(self, program: Program) -> bool:
        """Start the program if it is not running; return False if it has ended too often."""
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
        program.exits.append(now)
        if len(program.exits) == _MAX_EXITS and now - program.exits[0] < _EXIT_WINDOW_SECONDS:
            logger.error("%s ended %d times within a minute; stopping all programs", program.name, _MAX_EXITS)
            return False
        program.start_at = now + min(5.0, 0.1 * 2 ** len(program.exits))
        logger.warning("%s ended (%s); restarting it", program.name, _describe(status))
        return True

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=partial(_end_with_parent, os.getpid()),  # noqa: PLW1509  (this process has one thread)
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

    def _reap_orphans(self) -> None:
        """Wait for orphans that have ended, such as the ssh of a killed git, so that no zombies are left."""
        ours = {program.process.pid for program in self.programs if program.process is not None}
        try:
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in ours:
                os.waitpid(ended.si_pid, 0)
        except ChildProcessError:
            pass  # There are no children.

    def _end_orphans(self) -> None:
        """Kill orphans in process groups of their own."""
        ours = {program.process.pid for program in self.programs if program.process is not None}
        try:
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
        except OSError:
            return  # /proc exists on Linux only.
        for pid in {int(child) for child in children} - ours:
            _kill_group(pid, signal.SIGKILL)
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass  # It has ended already.


def _end_with_parent(parent: int) -> None:
    """End this process when its parent ends, or has ended already."""
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
        pass  # The group has no processes.


def _describe(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
