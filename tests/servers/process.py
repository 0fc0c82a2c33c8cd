"""A program that runs as long as a test needs it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self


def free_port() -> int:
    """Return a port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Wait until the condition holds; fail the test, saying what did not happen, when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)


def program(name: str, *places: str) -> str:
    """Return the path of a program, which `tools/test-servers` has seen to."""
    found = shutil.which(
        name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", *places])
    )
    if found is None:
        raise AssertionError(f"{name} is missing: run tools/test-servers")
    return found


class Server:
    """A server process in a folder of its own. Subclasses say how it is started and when it is ready."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"pasteur-{type(self).__name__.lower()}-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.log = self.folder / "log"

    def command(self) -> Sequence[str]:
        """Return the command line."""
        raise AssertionError("a subclass says")

    def environment(self) -> Mapping[str, str] | None:
        """Return the environment, None for ours."""
        return None

    def is_ready(self) -> bool:
        """Whether it answers."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self) -> Self:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                start_new_session=True,
            )
        try:
            wait_until(lambda: self.has_ended() or self.is_ready(), f"{type(self).__name__} is ready")
            assert not self.has_ended(), self.words()
        except AssertionError:
            print(self.words())
            raise
        return self

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process is None or self.process.poll() is not None

    def words(self) -> str:
        """Return the end of what the server has written."""
        return self.log.read_text(errors="replace")[-8_000:]

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the server's whole process group."""
        assert self.process is not None
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass  # It is gone already.
        if number == signal.SIGKILL:
            self.process.wait()

    def stop(self) -> None:
        """End the server and delete its folder, once nobody writes to it any more."""
        if self.process is not None:
            self.kill()
        wait_until(self._is_deleted, f"{self.folder} is gone")

    def _is_deleted(self) -> bool:
        shutil.rmtree(self.folder, ignore_errors=True)
        return not self.folder.exists()

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(self, *details: object) -> None:
        """Stop it."""
        self.stop()
