"""Remotes that would make Git start endless processes: folders of static files, and hooks that do so."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest
from pytest_django import Settings

from gitsync.errors import RemoteUnsupportedError
from gitsync.models import Change, Mirror
from gitsync.recovery import import_pasteur, restore
from gitsync.sync import resync, schedule
from gitsync.sync.drain import drain
from tests import many, repository
from tests.servers.process import reserve_port, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]


def git_processes() -> set[int]:
    """Return the Git processes that descend from this one."""
    parents: dict[int, tuple[int, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, fields = stat.read_text().rpartition(")")
        except OSError:
            continue
        parents[int(stat.parent.name)] = (int(fields.split()[1]), head.partition("(")[2])

    def is_ours(pid: int) -> bool:
        while pid in parents:
            if pid == os.getpid():
                return True
            pid = parents[pid][0]
        return False

    return {pid for pid, (_, name) in parents.items() if name.startswith("git") and is_ours(pid)}


@contextmanager
def counted() -> Iterator[list[int]]:
    """Yield a list that collects the number of Git processes during the block."""
    counts, is_over = [0], threading.Event()

    def count() -> None:
        while not is_over.is_set():
            counts.append(len(git_processes()))
            sleep(0.05)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield counts
    finally:
        is_over.set()
        thread.join()


@pytest.fixture
def static_files(remote: Path, settings: Settings) -> Iterator[Path]:
    """Return a mirror with pastes, configured at the address of a static web server."""
    many.publish(3)
    drain()
    repository.git(remote, "update-server-info")
    with reserve_port() as reservation:
        port = reservation.getsockname()[1]
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(remote.parent)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}/{remote.name}"
            is_up = ["curl", "-sf", f"{url}/HEAD"]
            wait_until(lambda: not subprocess.run(is_up, capture_output=True, check=False).returncode, "the web server")
            settings.GITSYNC_REMOTE = url
            settings.GITSYNC_PUSH_INTERVAL = 0.0
            yield remote
        finally:
            server.kill()
            server.wait()


def test_a_drain_refuses_static_files_immediately_with_advice(static_files: Path, settings: Settings) -> None:
    many.publish(1)
    for tip in (None, repository.tip(static_files)):
        Mirror.of(settings.GITSYNC_REMOTE, "main")
        Mirror.objects.filter(remote=settings.GITSYNC_REMOTE).update(tip=tip)
        with counted() as counts:
            schedule.work_off()

        row = Mirror.objects.get(remote=settings.GITSYNC_REMOTE)
        assert (row.error_code, "dumb HTTP" in row.error) == ("unsupported", True)
        assert "git http-backend" in RemoteUnsupportedError.advice
        assert max(counts) <= 10
    assert Change.objects.pending().exists()


def test_restore_import_and_check_refuse_static_files(static_files: Path, settings: Settings) -> None:
    url, settings.GITSYNC_REMOTE = settings.GITSYNC_REMOTE, str(static_files)
    with counted() as counts:
        for read in (restore.restore, import_pasteur.import_from):
            with pytest.raises(RemoteUnsupportedError):
                read(url)
        settings.GITSYNC_REMOTE = url
        for read_configured in (resync.look, restore.restore):
            with pytest.raises(RemoteUnsupportedError):
                read_configured()
    assert max(counts) <= 10
    assert not git_processes()


def test_a_command_that_starts_more_and_more_processes_is_killed(remote: Path) -> None:
    start = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 60 | git hash-object --stdin & sleep 0.2; done; wait"
    many.hook(remote, "pre-receive", start)
    many.publish(1)

    with counted() as counts, pytest.raises(RemoteUnsupportedError, match="processes for one command"):
        drain()

    assert max(counts) < 15
    wait_until(lambda: not git_processes(), "the end of all processes")
    assert Change.objects.pending().count() == 1
