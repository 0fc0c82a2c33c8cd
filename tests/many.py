"""Creates many pastes at once, using `publish`, and runs processes that drain and may be killed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from django.db import connections, transaction

from gitsync.models import Change
from gitsync.sync.schedule import work_off
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile


@transaction.atomic
def publish(count: int) -> list[str]:
    """Publish this many pastes in one transaction and return their keys."""
    return [writing.publish(Draft([NewFile(f"text {n}\n", f"{n}.txt")], title=f"paste {n}")).key for n in range(count)]


def fork(work: Callable[[], object]) -> int:
    """Run `work` in a separate process with its own connections; return its process id."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    os.setpgid(0, 0)
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def drain_until_done() -> None:
    """Drain like a worker, until nothing is pending."""
    while Change.objects.pending().exists():
        work_off()


def kill(pid: int) -> None:
    """Kill a forked process, if it still exists, and wait for it."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # It has exited by itself.
    wait(pid)


def wait(pid: int) -> int:
    """Wait for a forked process and return its exit status, or -9 if it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def hook(repository: Path, name: str, script: str) -> Path:
    """Add a shell hook to a repository and return its file."""
    file = repository / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file
