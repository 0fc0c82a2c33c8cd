"""Faults of a remote over SSH: silence, lost packets, freezes, deletion, long outages."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.errors import RemoteUnreachableError
from gitsync.models import Change, Mirror
from gitsync.remote import git_remote, ssh
from gitsync.sync import schedule
from gitsync.sync.drain import drain
from tests import many, repository
from tests.faults.test_killed import assert_all_arrived_once
from tests.servers import git_repository
from tests.servers.process import wait_until
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.server]


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten SSH's timeouts, which are meant for networks, for use on loopback."""
    short_timeouts = {"ConnectTimeout": "1", "ServerAliveInterval": "1", "ServerAliveCountMax": "2"}
    monkeypatch.setattr(ssh, "_OPTIONS", {**ssh._OPTIONS, **short_timeouts})


@pytest.fixture
def silent_host(settings: Settings) -> Iterator[socket.socket]:
    """Return a listener that never responds and is configured as the remote."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        settings.GITSYNC_REMOTE = f"ssh://git@127.0.0.1:{listener.getsockname()[1]}/pastes.git"
        yield listener


def test_lost_packets_end_the_attempt(over_ssh: Sshd, silent_host: socket.socket, short_timeouts: None) -> None:
    many.publish(1)
    waiting = []
    for _ in range(3):  # If the queue is full, the system drops further connections.
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(silent_host.getsockname())

    with pytest.raises(RemoteUnreachableError, match="timed out"):
        drain()

    for connection in waiting:
        connection.close()


def test_a_silent_host_ends_the_attempt(over_ssh: Sshd, silent_host: socket.socket, short_timeouts: None) -> None:
    many.publish(1)

    with pytest.raises(RemoteUnreachableError, match="timed out"):
        drain()


def test_ssh_gives_up_after_seconds_not_minutes() -> None:
    words = ssh.command(Path("/key"), Path("/hosts"))

    for option in ("ConnectTimeout=10", "ServerAliveInterval=15", "ServerAliveCountMax=3", "BatchMode=yes"):
        assert option in words


def test_a_connection_frozen_during_a_push_ends_the_attempt(
    over_ssh: Sshd, short_timeouts: None, settings: Settings, tmp_path: Path
) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    climb = "p=$PPID; until grep -q sshd /proc/$p/comm; do p=$(cut -d ' ' -f 4 /proc/$p/stat); done"
    hook = many.hook(over_ssh.repository, "pre-receive", f"{climb}; echo $p > {tmp_path}/pid; kill -STOP $p; exit 1")
    many.publish(3)
    try:
        with pytest.raises(RemoteUnreachableError, match="not responding"):
            drain()
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    hook.unlink()

    while Change.objects.pending().exists():  # The batch is smaller after a failed transfer.
        drain()

    assert_all_arrived_once(over_ssh.repository, 3)


def test_a_new_repository_in_place_of_a_deleted_one_is_filled(over_ssh: Sshd, settings: Settings) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    many.publish(30)
    drain()
    before = repository.git(over_ssh.repository, "rev-list", "main")
    shutil.rmtree(over_ssh.repository)
    many.publish(1)
    assert schedule.work_off()
    assert Mirror.objects.get(remote=over_ssh.url).error_code == "unreachable"
    assert Change.objects.pending().count() == 1

    git_repository.create(over_ssh.repository)
    Mirror.objects.update(retry_at=None)
    assert schedule.work_off() is None

    assert repository.git(over_ssh.repository, "rev-list", "main").split()[1:] == before.split()
    assert_all_arrived_once(over_ssh.repository, 31)
    assert Mirror.objects.get(remote=over_ssh.url).error_code == ""


def test_a_remote_that_asks_to_retry_later_is_not_contacted_more_often(
    over_ssh: Sshd, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 1.0
    monkeypatch.setattr(schedule, "FIRST_RETRY", 0.01)
    many.hook(over_ssh.repository, "pre-receive", f"date +%s.%N >> {tmp_path}/pushes; echo 'try later' >&2; exit 1")
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        many.publish(1)
        schedule.work_off()
        time.sleep(0.05)

    starts = [float(line) for line in (tmp_path / "pushes").read_text().split()]

    assert len(starts) >= 2
    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.5  # A hook may start late.
    assert not Change.objects.exclude(settled_at=None).exists()


@pytest.mark.slow_fault
@pytest.mark.alone
@pytest.mark.timeout(400)
def test_ten_thousand_pastes_during_an_outage_of_the_remote_are_committed(
    over_ssh: Sshd, settings: Settings, tmp_path: Path
) -> None:
    many.publish(100)
    drain()
    over_ssh.kill()
    for _ in range(20):
        many.publish(500)
    Mirror.objects.update(pushed_at=None)
    assert schedule.work_off()
    assert Change.objects.pending().count() == 10_000
    many.hook(over_ssh.repository, "pre-receive", f"echo >> {tmp_path}/pushes")
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    over_ssh.start()
    started = time.monotonic()

    Mirror.objects.update(retry_at=None)
    many.drain_until_done()

    assert time.monotonic() - started <= 120
    assert len((tmp_path / "pushes").read_text()) <= 20
    assert_all_arrived_once(over_ssh.repository, 10_100)


@pytest.mark.slow_fault
def test_the_default_limits_abort_a_frozen_push(over_ssh: Sshd, tmp_path: Path) -> None:
    assert git_remote.PUSH_SECONDS == 120
    climb = "p=$PPID; until grep -q sshd /proc/$p/comm; do p=$(cut -d ' ' -f 4 /proc/$p/stat); done"
    many.hook(over_ssh.repository, "pre-receive", f"{climb}; echo $p > {tmp_path}/pid; kill -STOP $p; exit 1")
    many.publish(1)
    pid = many.fork(drain)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "the push has begun")

    assert many.wait(pid) == 1

    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
