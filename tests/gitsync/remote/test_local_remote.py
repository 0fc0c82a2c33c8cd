"""The default remote: packs are copied instead of pushed, with the same guarantees as for a push."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from gitsync.errors import DiskFullError, RemoteMovedError, RemoteUnreachableError
from gitsync.models import Change
from gitsync.remote import local_remote
from gitsync.remote.git_remote import Remote
from gitsync.remote.local_remote import LocalRemote
from gitsync.repository.process import Finished
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def default_remote(remote: Path, settings: Settings) -> Path:
    """Return the repository that Pasteur creates if no remote is configured."""
    shutil.rmtree(remote)
    settings.GITSYNC_IS_DEFAULT_REMOTE = True
    Remote.configured().prepare()
    return remote


def packs(place: Path) -> list[str]:
    """Return the names of the packs in a repository."""
    return [pack.name for pack in (place / "objects" / "pack").glob("*.pack")]


def assert_one_commit_each(default_remote: Path, keys: list[str]) -> None:
    """Fail unless every paste is in Git with exactly one complete commit, and is recorded as such."""
    assert sorted(repository.changes(default_remote)) == sorted(f"{key}.1" for key in keys)
    assert {change.name: change.commit for change in Change.objects.all()} == repository.commits(default_remote)
    assert look().is_clean
    repository.assert_sound(default_remote)


def test_the_remote_is_complete_without_the_clone(default_remote: Path, settings: Settings) -> None:
    keys = many.publish(3)
    drain()
    keys += many.publish(2)
    drain()

    assert packs(settings.GITSYNC_CLONE_DIR) == []
    shutil.rmtree(settings.GITSYNC_CLONE_DIR)
    assert_one_commit_each(default_remote, keys)


def test_a_commit_pushed_during_a_drain_is_kept(default_remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = many.publish(1)
    drain()
    keys += many.publish(1)
    hand_over = local_remote._copy_pack

    def after_somebody(pack: Path, folder: Path) -> None:
        monkeypatch.undo()
        tree = repository.git(default_remote, "rev-parse", "main^{tree}").decode().strip()
        who = ["-c", "user.name=Eve", "-c", "user.email=eve@example.org"]
        theirs = (
            repository.git(default_remote, *who, "commit-tree", "-p", "main", "-m", "By hand", tree).decode().strip()
        )
        repository.git(default_remote, "update-ref", "refs/heads/main", theirs)
        hand_over(pack, folder)

    monkeypatch.setattr(local_remote, "_copy_pack", after_somebody)
    drain()

    assert repository.subjects(default_remote) == ["Publish paste 0", "By hand", "Publish paste 0"]
    assert_one_commit_each(default_remote, keys)


def test_the_branch_moves_only_from_the_expected_tip(default_remote: Path, settings: Settings) -> None:
    many.publish(1)
    drain()
    tip = repository.tip(default_remote)

    with pytest.raises(RemoteMovedError):
        LocalRemote(default_remote).receive(Repository(settings.GITSYNC_CLONE_DIR), "refs/heads/main", old="", new=tip)
    with pytest.raises(RemoteMovedError):
        LocalRemote(default_remote).receive(
            Repository(settings.GITSYNC_CLONE_DIR), "refs/heads/main", old="1" * 40, new=tip
        )

    assert repository.tip(default_remote) == tip


def test_a_crash_between_packs_and_branch_duplicates_nothing(
    default_remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = many.publish(2)
    drain()
    keys += many.publish(2)

    run = Repository.run

    def die_instead_of_update(clone: Repository, *arguments: str, **options: Any) -> Finished:
        if arguments[0] == "update-ref":
            os._exit(9)
        return run(clone, *arguments, **options)

    def drain_and_die() -> None:
        monkeypatch.setattr(Repository, "run", die_instead_of_update)
        drain()

    assert many.wait(many.fork(drain_and_die)) == 9
    drain()

    assert_one_commit_each(default_remote, keys)


def test_packs_that_never_arrived_are_not_used(default_remote: Path, settings: Settings) -> None:
    many.publish(1)
    drain()
    keys = many.publish(1)
    broken = settings.GITSYNC_CLONE_DIR / "objects" / "pack" / f"pack-{'a' * 40}.pack"
    broken.write_bytes(b"half of a pack")

    drain()

    assert not broken.exists()
    assert f"{keys[0]}.1" in repository.changes(default_remote)
    repository.assert_sound(default_remote)


def test_packs_are_copied_across_disks(default_remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    keys = many.publish(3)

    drain()

    assert_one_commit_each(default_remote, keys)


def test_a_full_disk_is_reported_and_the_change_stays_pending(
    default_remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(local_remote, "_copy_pack", refuse)
    keys = many.publish(1)
    with pytest.raises(DiskFullError, match="No space left"):
        drain()
    assert Change.objects.pending().count() == 1

    monkeypatch.undo()
    drain()

    assert_one_commit_each(default_remote, keys)


def test_a_deleted_mirror_is_reported_and_a_new_one_gets_the_same_commits(default_remote: Path) -> None:
    keys = many.publish(5)
    drain()
    before = repository.git(default_remote, "rev-list", "main")
    shutil.rmtree(default_remote)
    keys += many.publish(1)
    with pytest.raises(RemoteUnreachableError, match=str(default_remote)):
        drain()

    Remote.configured().prepare()
    drain()

    assert repository.git(default_remote, "rev-list", "main").split(b"\n")[1:] == before.split(b"\n")
    assert_one_commit_each(default_remote, keys)


def test_a_configured_remote_after_the_default_one_is_independent_of_it(
    default_remote: Path, settings: Settings, tmp_path: Path
) -> None:
    keys = many.publish(2)
    drain()
    named = tmp_path / "named.git"
    repository.git(named, "init", "--bare", "--quiet", "--initial-branch=main", str(named))
    settings.GITSYNC_REMOTE, settings.GITSYNC_IS_DEFAULT_REMOTE = str(named), False
    shutil.rmtree(default_remote)
    keys += many.publish(1)

    drain()

    assert_one_commit_each(named, keys)
