"""A path remote that belongs to another user: Git refuses such a repository unless its path is marked as safe."""

import os
import subprocess
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.models import Change, Mirror
from gitsync.recovery import restore
from gitsync.remote.git_remote import Remote
from gitsync.sync import resync, schedule
from gitsync.sync.drain import drain
from tests import many, repository

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to another account"),
]


def change_owner(folder: Path) -> None:
    """Give a folder and its contents to another user."""
    subprocess.run(["chown", "-R", "12345:12345", str(folder)], check=True)


@pytest.mark.parametrize("kind", ["bare", "link", "with_files"])
def test_a_repository_of_another_user_accepts_pushes(
    remote: Path, settings: Settings, tmp_path: Path, kind: str
) -> None:
    path, git_dir = remote, remote
    if kind == "with_files":
        path = tmp_path / "the-team's;pastes"
        git_dir = path / ".git"
        subprocess.run(["git", "init", "--quiet", "--initial-branch=other", str(path)], check=True)
    change_owner(path)
    if kind == "link":
        path = tmp_path / "link"
        path.symlink_to(remote)
    settings.GITSYNC_REMOTE = str(path)
    many.publish(2)

    schedule.work_off()

    assert Mirror.objects.get().error == ""
    assert not Change.objects.pending().exists()
    assert repository.git(git_dir, "rev-list", "--count", "main").strip() == b"2"
    many.publish(1)
    assert drain().commits == 1
    assert resync.look().is_clean


def test_pastes_are_restored_from_a_repository_of_another_user(
    remote: Path, tmp_path: Path, settings: Settings
) -> None:
    many.publish(2)
    drain()
    other = tmp_path / "other.git"
    subprocess.run(["cp", "-r", str(remote), str(other)], check=True)
    change_owner(other)

    assert restore.restore(str(other)).present == 2


def test_only_the_configured_path_is_trusted(remote: Path) -> None:
    (option,) = Remote.configured().options("fetch")

    places = {word.partition("=")[2] for word in option.split() if word.startswith("safe.directory=")}
    assert places == {f"{remote}{ending}" for ending in ("", "/.git", ".git", ".git/.git")}
