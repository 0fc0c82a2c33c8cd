"""The memory used by a real worker process that drains. Only import this once the settings are loaded."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.harness.mirrors import Mirror, publish
from gitsync.models import Change
from tests.servers.pasteur import ROOT
from tests.servers.process import ServerProcess, wait_until


class Worker(ServerProcess):
    """The worker as started by `manage.py run`, with this process's database and the data folder of a mirror."""

    def __init__(self, mirror: Mirror) -> None:
        super().__init__()
        self.mirror = mirror

    def command(self) -> Sequence[str]:
        """Return the command line."""
        return [sys.executable, "-m", "bench.harness.program", "worker"]

    def environment(self) -> Mapping[str, str]:
        """Return the settings."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": os.environ["DATABASE_URL"],
            "PASTEUR_DATA_DIR": str(self.mirror.folder),
        }

    def is_ready(self) -> bool:
        """Return whether it is running. Messages are queued until it listens."""
        return not self.has_ended()

    def ring(self) -> None:
        """Send the worker the same message as a new paste does."""
        celery = [sys.executable, "-m", "celery", "--app", "pasteur_site", "--workdir", str(ROOT), "--quiet"]
        subprocess.run(
            [*celery, "call", "gitsync.tasks.drain"], env=self.environment(), check=True, stdout=subprocess.DEVNULL
        )

    def peak_megabytes(self) -> float:
        """Return the peak memory of the process so far, in MiB."""
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("this system does not report the peak memory of a process")


def peak_megabytes(mirror: Mirror, pastes: int, size: int) -> float:
    """Return the peak memory, in MiB, of a worker that drains new pastes into a mirror."""
    publish(pastes, size)
    with Worker(mirror) as worker:
        worker.ring()
        wait_until(lambda: not Change.objects.pending().exists(), "the worker has drained")
        return worker.peak_megabytes()
