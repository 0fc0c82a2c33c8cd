"""What all test servers have in common: a folder, a port, starting and stopping."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self


def reserve_port() -> socket.socket:
    """Return a socket bound to a free port on loopback.

    While it is open, the kernel does not assign its port to other programs that request a free one. It does not listen:
    connections are refused until a server that sets SO_REUSEADDR, as servers do, listens on the same port.
    """
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind(("127.0.0.1", 0))
    return reservation


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Wait until the condition is true; raise AssertionError with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:.0f} s")
        time.sleep(pause)
        pause = min(2 * pause, 0.05)


def program(name: str, *places: str) -> str:
    """Return the path of a program that tools/test-servers checks for."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", *places])
    if file := shutil.which(name, path=path):
        return file
    raise AssertionError(f"{name} is missing: run tools/test-servers")


class Server(ABC):
    """A server that runs for the duration of its `with` block. It is also stopped if its startup fails."""

    port: int

    @abstractmethod
    def start(self) -> Self:
        """Start it and wait until it responds."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it and delete its files."""

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *details: object) -> None:
        self.stop()


class ServerProcess(Server):
    """A server in a separate process and folder. Subclasses define its command line and when it is ready."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"pasteur-{type(self).__name__.lower()}-"))
        self._reservation = reserve_port()
        self.port = int(self._reservation.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None
        self.log = self.folder / "log"
        # A test may construct a server only for its settings, without starting or stopping it.
        weakref.finalize(self, self._reservation.close)
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the command line."""

    def environment(self) -> Mapping[str, str] | None:
        """Return the environment, or None for that of the tests."""
        return None

    def is_ready(self) -> bool:
        """Return whether it responds."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self) -> Self:
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
            wait_until(lambda: self.has_ended() or self.is_ready(), f"{type(self).__name__} is ready", 60)
            assert not self.has_ended(), self.log_tail()
        except AssertionError:
            print(self.log_tail())
            raise
        return self

    def has_ended(self) -> bool:
        """Return whether the process has exited."""
        return self.process is None or self.process.poll() is not None

    def log_tail(self) -> str:
        """Return the last 8,000 characters of the server's output."""
        return self.log.read_text(errors="replace")[-8_000:]

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the server's whole process group."""
        assert self.process is not None
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass  # It has already exited.
        if number == signal.SIGKILL:
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            self.kill()
        self._reservation.close()
        # Its children may still write for a moment.
        wait_until(self._is_deleted, f"{self.folder} is gone")

    def _is_deleted(self) -> bool:
        shutil.rmtree(self.folder, ignore_errors=True)
        return not self.folder.exists()
