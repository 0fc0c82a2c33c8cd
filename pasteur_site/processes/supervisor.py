"""Run several programs in the foreground, each in its own process group.

A program that exits is restarted, with increasing delays if it keeps exiting. Only the main program stops the others:
the site is usable without its worker, but not without its web server.
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
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType

from pasteur_site.processes import program_states

logger = logging.getLogger(__name__)

_GRACE_SECONDS = 8.0
#: If the main program exits this many times within the window, everything is stopped.
_MAX_EXITS = 5
_EXIT_WINDOW_SECONDS = 60.0
#: A program that has run for this long is healthy, and its next delay is reset to the shortest.
_WELL_SECONDS = 60.0
_MAX_PAUSE_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Program:
    """A program, its process if it is running, and its most recent exits."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    #: When it will start or was started.
    start_at: float = 0.0
    exits: deque[float] = field(default_factory=lambda: deque(maxlen=_MAX_EXITS))
    #: How many times it has exited without being healthy in between, and how it last exited.
    failures: int = 0
    reason: str = ""


class Supervisor:
    """Run programs until a signal arrives or the main program, which is the first one, exits too often.

    Their states are written to `state_file`. `folder` is their current directory.
    """

    def __init__(self, programs: Mapping[str, Sequence[str]], state_file: Path, folder: Path) -> None:
        self.programs = [Program(name, command) for name, command in programs.items()]
        self._state_file, self._folder = state_file, folder
        self._signal = 0

    def run(self) -> int:
        """Run until SIGINT, SIGTERM or SIGHUP. Return the exit status: 1 if the main program exited too often."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._receive_signal)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # A program's orphans become children of this process.
        self._write_states()
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
            with suppress(OSError):
                self._state_file.unlink()

    def _receive_signal(self, number: int, frame: FrameType | None) -> None:
        self._signal = number

    def _ensure_running(self, program: Program) -> bool:
        """Start the program if it is not running. Return False if it is the main one and has exited too often."""
        now = time.monotonic()
        if program.process is None:
            if now >= program.start_at:
                program.process = self._start(program)
                program.start_at = now
            return True
        status = program.process.poll()
        if status is None:
            if program.failures and now - program.start_at >= _WELL_SECONDS:
                program.failures = 0
                self._write_states()
            return True
        _kill_group(program.process.pid, signal.SIGKILL)
        self._end_orphans()
        program.process = None
        program.exits.append(now)
        program.failures += 1
        program.reason = _describe(status)
        often = len(program.exits) == _MAX_EXITS and now - program.exits[0] < _EXIT_WINDOW_SECONDS
        if often and program is self.programs[0]:
            logger.error("%s ended (%s), %d times within a minute; stopping", program.name, program.reason, _MAX_EXITS)
            return False
        pause = min(_MAX_PAUSE_SECONDS, 2.0 ** min(program.failures - 1, 10))
        program.start_at = now + pause
        logger.warning("%s ended (%s); restarting it in %.0f s", program.name, program.reason, pause)
        self._write_states()
        return True

    def _write_states(self) -> None:
        failing = {program.name: (program.failures, program.reason) for program in self.programs if program.failures}
        try:
            program_states.write(self._state_file, failing)
        except OSError as error:
            logger.warning("cannot write %s: %s", self._state_file, error.strerror)

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            cwd=self._folder,  # `python -m` searches the current directory first.
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
        """Reap orphans that have exited, such as the ssh of a killed git, so that no zombies are left."""
        ours = {program.process.pid for program in self.programs if program.process is not None}
        try:
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in ours:
                os.waitpid(ended.si_pid, 0)
        except ChildProcessError:
            pass  # There are no children.

    def _end_orphans(self) -> None:
        """Kill orphans that have their own process groups."""
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
                pass  # It has already exited.


def _end_with_parent(parent: int) -> None:
    """Terminate this process when its parent exits or if it has already exited."""
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
