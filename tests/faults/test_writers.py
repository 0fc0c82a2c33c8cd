"""Others push to the remote, reset its history or delete the clone."""

import shutil
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.progress import unwatched
from gitsync.remote.git_remote import Remote
from gitsync.sync import drain, resync
from gitsync.sync.resync import look
from gitsync.sync.schedule import work_off
from tests import many, repository
from tests.faults.test_killed import assert_all_arrived_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.server]


@pytest.mark.alone
@pytest.mark.parametrize(
    ("workers", "pastes"),
    [
        (8, 2_000),
        pytest.param(2, 10_000, marks=pytest.mark.slow_fault),
        pytest.param(8, 10_000, marks=pytest.mark.slow_fault),
    ],
)
def test_many_concurrent_workers_commit_each_paste_once(remote: Path, workers: int, pastes: int) -> None:
    many.publish(pastes)

    pids = [many.fork(many.drain_until_done) for _ in range(workers)]

    assert [many.wait(pid) for pid in pids] == [0] * workers
    assert_all_arrived_once(remote, pastes)


@pytest.mark.alone
def test_workers_without_a_common_lock_commit_each_paste_once(remote: Path, tmp_path: Path, settings: Settings) -> None:
    many.publish(500)
    pids = []
    for number in range(8):
        settings.GITSYNC_CLONE_DIR = tmp_path / f"clone-{number}.git"
        pids.append(many.fork(many.drain_until_done))
    for _ in range(20):
        many.publish(25)

    assert [many.wait(pid) for pid in pids] == [0] * 8
    many.drain_until_done()
    assert_all_arrived_once(remote, 1_000)


def commit_elsewhere(remote: Path, tmp_path: Path, path: str, content: str) -> None:
    """Push a commit from another clone, as a person would."""
    work = tmp_path / "elsewhere"
    shutil.rmtree(work, ignore_errors=True)
    run = ["-c", "user.name=Eve", "-c", "user.email=eve@example.org"]
    repository.git(remote, "worktree", "prune")
    repository.git(remote, *run, "clone", "--quiet", str(remote), str(work))
    (work / path).write_text(content)
    inside = work / ".git"
    repository.git(inside, f"--work-tree={work}", "add", path)
    repository.git(inside, *run, f"--work-tree={work}", "commit", "--quiet", "-m", "By hand")
    repository.git(inside, "push", "--quiet", "origin", "main")


def test_commits_by_others_are_kept(remote: Path, tmp_path: Path) -> None:
    first = many.publish(1)
    drain.drain()
    commit_elsewhere(remote, tmp_path, "NOTES", "by hand")
    second = many.publish(1)

    drain.drain()

    assert repository.subjects(remote) == ["Publish paste 0", "By hand", "Publish paste 0"]
    assert repository.files(remote)["NOTES"] == b"by hand"
    assert repository.changes(remote) == [f"{key}.1" for key in first + second]
    assert look().is_clean


def test_a_push_by_others_between_fetch_and_push_is_kept(
    remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many.publish(1)
    drain.drain()
    many.publish(1)
    push = Remote.push
    pushes = []

    def push_after_eve(*args: object, **kwargs: object) -> None:
        pushes.append(1)
        if len(pushes) == 1:
            commit_elsewhere(remote, tmp_path, "NOTES", "by hand")
        push(*args, **kwargs)  # type: ignore[arg-type]  # handed through as they came

    monkeypatch.setattr(Remote, "push", push_after_eve)
    drain.drain()

    assert len(pushes) == 2
    assert repository.subjects(remote) == ["Publish paste 0", "By hand", "Publish paste 0"]
    assert_all_arrived_once(remote, 2)


def test_a_history_that_was_reset_is_rebuilt(remote: Path) -> None:
    many.publish(100)
    drain.drain()
    tip = repository.tip(remote)
    many.publish(1)
    drain.drain()
    repository.git(remote, "update-ref", "refs/heads/main", f"{tip}~40")
    many.publish(1)

    drain.drain()

    assert_all_arrived_once(remote, 102)


def test_a_deleted_branch_is_rebuilt_with_the_same_commits(remote: Path) -> None:
    many.publish(100)
    drain.drain()
    before = repository.git(remote, "rev-list", "main")
    repository.git(remote, "update-ref", "-d", "refs/heads/main")
    many.publish(1)

    drain.drain()

    assert repository.git(remote, "rev-list", "main").split(b"\n")[1:] == before.split(b"\n")
    assert_all_arrived_once(remote, 101)


def test_a_clone_deleted_between_two_drains_is_recreated(remote: Path, settings: Settings) -> None:
    many.publish(10)
    drain.drain()
    shutil.rmtree(settings.GITSYNC_CLONE_DIR)
    many.publish(10)

    drain.drain()

    assert_all_arrived_once(remote, 20)


def test_a_clone_deleted_repeatedly_during_drains_is_recreated(remote: Path, settings: Settings) -> None:
    deadline = time.monotonic() + 5

    def delete() -> None:
        while time.monotonic() < deadline:
            shutil.rmtree(settings.GITSYNC_CLONE_DIR, ignore_errors=True)
            time.sleep(0.05)

    thread = threading.Thread(target=delete)
    thread.start()
    for _ in range(10):
        many.publish(20)
        work_off()
    thread.join()

    drain.drain()

    assert_all_arrived_once(remote, 200)


def test_several_workers_and_a_resync_share_one_retry_interval(
    remote: Path, tmp_path: Path, settings: Settings
) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 1.0
    many.hook(remote, "pre-receive", f"date +%s.%N >> {tmp_path}/pushes")
    writer = many.fork(lambda: publish_slowly(60))
    pids = []
    for number in range(4):
        settings.GITSYNC_CLONE_DIR = tmp_path / f"clone-{number}.git"
        pids.append(many.fork(lambda: work_for(6)))
    resync.deliver(unwatched, unwatched)

    assert [many.wait(pid) for pid in (writer, *pids)] == [0] * 5

    many.drain_until_done()
    starts = [float(line) for line in (tmp_path / "pushes").read_text().split()]
    assert len(starts) >= 3
    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.5  # A hook may start late.
    assert_all_arrived_once(remote, 60)


def publish_slowly(count: int) -> None:
    """Publish one paste after another, with pauses."""
    for _ in range(count):
        many.publish(1)
        time.sleep(0.05)


def work_for(seconds: float) -> None:
    """Work like a worker for this long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        work_off()
        time.sleep(0.05)
