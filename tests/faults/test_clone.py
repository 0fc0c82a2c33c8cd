"""Faults of the worker's clone and the default remote next to it: locks, a full disk, damage, loss."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from gitsync.models import Change, Mirror
from gitsync.sync.drain import drain
from gitsync.sync.schedule import work_off
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from tests import many, repository
from tests.faults.test_killed import assert_all_arrived_once
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.server]

_LOCKS = ["config.lock", "HEAD.lock", "packed-refs.lock", "shallow.lock", "refs/pasteur/tip.lock"]


@pytest.mark.parametrize("name", [*_LOCKS, "refs/pasteur/next.lock", "objects/info/commit-graph.lock"])
def test_a_stale_lock_in_the_clone_does_not_stop_the_drain(remote: Path, settings: Settings, name: str) -> None:
    many.publish(2)
    drain()
    lock = settings.GITSYNC_CLONE_DIR / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    many.publish(2)

    drain()

    assert not lock.exists()
    assert_all_arrived_once(remote, 4)


@pytest.fixture
def default_remote(remote: Path, settings: Settings) -> Path:
    """Return the default remote, which the worker maintains itself."""
    settings.GITSYNC_IS_DEFAULT_REMOTE = True
    return remote


@pytest.mark.parametrize("name", ["refs/heads/main.lock", "packed-refs.lock", "HEAD.lock"])
def test_an_old_lock_in_the_default_remote_is_removed(default_remote: Path, name: str) -> None:
    many.publish(2)
    drain()
    lock = default_remote / name
    lock.touch()
    os.utime(lock, (lock.stat().st_mtime - 60,) * 2)
    many.publish(2)

    drain()

    assert not lock.exists()
    assert_all_arrived_once(default_remote, 4)


def test_a_fresh_lock_in_the_default_remote_is_kept(default_remote: Path) -> None:
    many.publish(1)
    (default_remote / "refs" / "heads" / "main.lock").touch()

    assert work_off()

    assert (default_remote / "refs" / "heads" / "main.lock").exists()
    assert Mirror.objects.get(remote=str(default_remote)).error_code == "locked"
    assert Change.objects.pending().count() == 1


def test_a_locked_branch_of_the_remote_is_not_mistaken_for_a_moved_one(remote: Path) -> None:
    many.publish(1)
    lock = remote / "refs" / "heads" / "main.lock"
    lock.touch()

    assert work_off()

    mirror = Mirror.objects.get(remote=str(remote))
    assert (mirror.error_code, mirror.failures) == ("locked", 1)
    lock.unlink()
    Mirror.objects.update(retry_at=None)
    assert work_off() is None
    assert_all_arrived_once(remote, 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a six-megabyte file system."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_reported_and_draining_resumes_when_there_is_space(
    remote: Path, settings: Settings, small_disk: Path
) -> None:
    settings.GITSYNC_CLONE_DIR = small_disk / "clone.git"
    many.publish(3)
    drain()
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 5_000_000)
    for number in range(10):
        text = os.urandom(200_000).hex()
        writing.publish(Draft([NewFile(text, f"{number}.txt")]))

    assert work_off()

    mirror = Mirror.objects.get(remote=str(remote))
    assert (mirror.error_code, mirror.failures) == ("disk", 1)
    assert Change.objects.pending().count() == 10
    repository.assert_sound(remote)
    ballast.unlink()
    Mirror.objects.update(retry_at=None)
    assert work_off() is None
    assert_all_arrived_once(remote, 13)


def test_a_disk_without_a_free_byte_is_reported(
    remote: Path, settings: Settings, small_disk: Path, client: Client
) -> None:
    settings.GITSYNC_CLONE_DIR = small_disk / "clone.git"
    small_disk.joinpath("clone.lock").touch()
    many.publish(1)
    with (small_disk / "ballast").open("wb", buffering=0) as ballast:
        try:
            while ballast.write(b"x" * 4096):
                pass
        except OSError:
            pass  # Now it is full.

    assert work_off()

    assert Mirror.objects.get(remote=str(remote)).error_code == "disk"
    assert client.get("/readyz").json()["mirror_error"] == "disk"
    (small_disk / "ballast").unlink()
    Mirror.objects.update(retry_at=None)
    assert work_off() is None
    assert_all_arrived_once(remote, 1)


def empty_objects(clone: Path) -> None:
    """Truncate all packs to zero bytes, as a power failure does."""
    for pack in clone.glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"")


def truncate_packs(clone: Path) -> None:
    """Truncate each pack to half its size."""
    for pack in clone.glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        with pack.open("r+b") as file:
            file.truncate(pack.stat().st_size // 2)


def overwrite_packs(clone: Path) -> None:
    """Overwrite the middle of each pack."""
    for pack in clone.glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        with pack.open("r+b") as file:
            file.seek(20)
            file.write(b"\x5a" * (pack.stat().st_size - 40))


def delete_packs(clone: Path) -> None:
    """Delete the packs, but keep the indexes."""
    for pack in clone.glob("objects/pack/*.pack"):
        pack.unlink()


def corrupt_refs(clone: Path) -> None:
    """Write garbage into every ref."""
    for name in ("tip", "next"):
        (clone / "refs" / "pasteur").mkdir(parents=True, exist_ok=True)
        (clone / "refs" / "pasteur" / name).write_bytes(b"\0garbage")


def corrupt_head(clone: Path) -> None:
    """Write garbage into HEAD."""
    (clone / "HEAD").write_bytes(b"")


def corrupt_config(clone: Path) -> None:
    """Write garbage into the configuration."""
    (clone / "config").write_bytes(b"\0[[[")


@pytest.mark.parametrize(
    "spoil", [empty_objects, truncate_packs, overwrite_packs, delete_packs, corrupt_refs, corrupt_head, corrupt_config]
)
@pytest.mark.parametrize("moved", [False, True], ids=["tip_known", "tip_moved"])
def test_a_damaged_clone_is_recreated(
    remote: Path, settings: Settings, tmp_path: Path, spoil: object, moved: bool
) -> None:
    many.publish(20)
    drain()
    if moved:  # Another worker has pushed in the meantime, so the clone has to fetch.
        clone = settings.GITSYNC_CLONE_DIR
        settings.GITSYNC_CLONE_DIR = tmp_path / "other.git"
        many.publish(5)
        drain()
        settings.GITSYNC_CLONE_DIR = clone
    assert callable(spoil)
    spoil(settings.GITSYNC_CLONE_DIR)
    many.publish(10)

    drain()

    assert_all_arrived_once(remote, 35 if moved else 30)


def test_a_new_machine_takes_over_and_creates_the_same_commits(
    over_ssh: Sshd, settings: Settings, tmp_path: Path
) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    many.publish(10)
    drain()
    tip = repository.tip(over_ssh.repository)
    lost = settings.GITSYNC_CLONE_DIR
    many.publish(10)
    settings.GITSYNC_CLONE_DIR = tmp_path / "new" / "clone.git"
    settings.GITSYNC_SSH_KEY_FILE = Path(shutil.copy2(over_ssh.key_file, tmp_path / "key"))

    assert drain().commits == 10

    assert_all_arrived_once(over_ssh.repository, 20)
    made_by_the_new = repository.tip(over_ssh.repository)
    repository.git(over_ssh.repository, "update-ref", "refs/heads/main", tip)
    settings.GITSYNC_CLONE_DIR = lost
    many.publish(1)
    drain()
    assert repository.git(over_ssh.repository, "rev-parse", "main~1").decode().strip() == made_by_the_new
