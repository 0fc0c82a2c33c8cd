"""The worker is killed at every point where this could lose or repeat a commit."""

import os
import random
import time
from collections.abc import Callable, Container, Iterator
from pathlib import Path

import pytest

from gitsync.models import Change
from gitsync.outbox import loading
from gitsync.sync import drain
from gitsync.sync.resync import look
from pastes.models import Paste
from tests import many, repository
from tests.servers.process import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.server]


def assert_all_arrived_once(remote: Path, count: int) -> None:
    """Fail unless each paste is in Git with exactly one commit, and Git and the database agree."""
    names = repository.changes(remote)
    assert len(names) == len(set(names)) == count
    assert Paste.objects.count() == count
    assert not Change.objects.pending().exists()
    assert {change.name: change.commit for change in Change.objects.all()} == repository.commits(remote)
    assert look().is_clean
    repository.assert_sound(remote)


@pytest.fixture
def worker_pid(tmp_path: Path) -> Path:
    """Return the file that tells hooks which process to kill."""
    return tmp_path / "worker.pid"


def drain_and_be_killed(worker_pid: Path) -> int:
    """Drain in a separate process, which a hook on the remote kills; return its exit status."""

    def work() -> None:
        worker_pid.write_text(str(os.getpid()))
        drain.drain()

    return many.wait(many.fork(work))


def test_a_worker_killed_between_commit_and_push_pushes_each_change_once(remote: Path, worker_pid: Path) -> None:
    for _ in range(50):
        many.publish(1)
        hook = many.hook(remote, "pre-receive", f"kill -9 $(cat {worker_pid})\nexit 1")
        assert drain_and_be_killed(worker_pid) == -9
        hook.unlink()
        drain.drain()

    assert_all_arrived_once(remote, 50)


def test_a_worker_killed_between_push_and_settling_pushes_each_change_once(remote: Path, worker_pid: Path) -> None:
    many.hook(remote, "post-receive", f"test -e {worker_pid} && kill -9 $(cat {worker_pid})\nexit 0")
    for _ in range(50):
        many.publish(1)
        assert drain_and_be_killed(worker_pid) == -9
        worker_pid.unlink()
        assert Change.objects.pending().count() == 1
        drain.drain()

    assert_all_arrived_once(remote, 50)


def test_a_killed_fast_import_leaves_the_tip_and_the_next_drain_completes(
    remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many.publish(100)
    drain.drain()
    tip = repository.tip(remote)
    many.publish(300)
    load = loading.load

    def load_slowly(
        changes: list[Change], gone: Container[str], failed: Callable[[Change, Exception], None]
    ) -> Iterator[loading.Loaded]:
        for loaded in load(changes, gone, failed):
            time.sleep(0.01)
            yield loaded

    monkeypatch.setattr(drain, "load", load_slowly)
    pid = many.fork(drain.drain)
    wait_until(lambda: fast_imports(tmp_path / "clone.git"), "fast-import runs")
    time.sleep(0.5)
    os.kill(fast_imports(tmp_path / "clone.git")[0], 9)
    many.kill(pid)

    assert repository.tip(remote) == tip
    monkeypatch.setattr(drain, "load", load)
    drain.drain()
    assert_all_arrived_once(remote, 400)
    assert not list((tmp_path / "clone.git").glob("fast_import_crash_*"))


def fast_imports(clone: Path) -> list[int]:
    """Return the process ids of all fast-import processes that write to this clone."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # It has just exited.
        if b"fast-import" in words and f"--git-dir={clone}".encode() in words:
            found.append(int(process.name))
    return found


@pytest.mark.alone
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("kills", "pastes"), [(40, 4_000), pytest.param(200, 20_000, marks=pytest.mark.slow_fault)], ids=["some", "all"]
)
def test_repeatedly_killed_workers_commit_each_paste_once(remote: Path, kills: int, pastes: int) -> None:
    writer = many.fork(lambda: [many.publish(50) for _ in range(pastes // 50)])
    for _ in range(kills):
        pid = many.fork(many.drain_until_done)
        time.sleep(random.uniform(0.01, 0.3))
        many.kill(pid)
    assert many.wait(writer) == 0

    started = time.monotonic()
    many.drain_until_done()

    assert time.monotonic() - started <= 120
    assert_all_arrived_once(remote, pastes)
