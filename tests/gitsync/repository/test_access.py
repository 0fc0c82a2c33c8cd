"""Every command accesses the clone in the same way: a broken clone is recreated, and disk errors come with advice."""

import errno
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

import gitsync
from gitsync.errors import BusyError, CloneBrokenError, DiskFullError
from gitsync.models import Mirror
from gitsync.repository.access import temporary_clone, with_clone
from gitsync.repository.repository import Repository
from gitsync.sync import admin_requests
from gitsync.sync.drain import drain
from gitsync.sync.maintenance import maintain
from tests import many, repository

pytestmark = pytest.mark.django_db(transaction=True)

_COMMANDS = [
    ("resync_git", "--check"),
    ("resync_git",),
    ("read_from_git",),
    ("restore_from_git",),
]


def replace_by_file(clone: Path) -> None:
    """Replace the clone with a file."""
    shutil.rmtree(clone)
    clone.write_text("not a repository")


def replace_by_dangling_link(clone: Path) -> None:
    """Replace the clone with a dangling symbolic link."""
    shutil.rmtree(clone)
    clone.symlink_to(clone.with_name("nowhere.git"))


def empty_packs(clone: Path) -> None:
    """Truncate all packs to zero bytes, as a power failure does."""
    for pack in clone.glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"")


def garble_config(clone: Path) -> None:
    """Write garbage into the configuration."""
    (clone / "config").write_bytes(b"\0[[[")


def call(*command: str) -> None:
    """Run a command and check that its exit status, if it sets one, is 0."""
    status = None
    try:
        call_command(*command, stdout=StringIO(), stderr=StringIO())
    except SystemExit as ended:
        status = ended.code
    assert not status


@pytest.mark.parametrize("damage", [replace_by_file, replace_by_dangling_link, empty_packs, garble_config])
@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_a_command_recreates_a_broken_clone(
    remote: Path, settings: Settings, command: tuple[str, ...], damage: Callable[[Path], None]
) -> None:
    many.publish(3)
    drain()
    damage(settings.GITSYNC_CLONE_DIR)

    call(*command)

    many.publish(1)
    drain()
    assert len(repository.changes(remote)) == 4


@pytest.mark.parametrize("damage", [replace_by_file, replace_by_dangling_link, empty_packs, garble_config])
def test_the_worker_recreates_a_broken_clone(remote: Path, settings: Settings, damage: Callable[[Path], None]) -> None:
    many.publish(3)
    drain()
    damage(settings.GITSYNC_CLONE_DIR)
    Mirror.objects.update(fetch_requested=True, check_requested=True)

    admin_requests.run()

    assert Mirror.objects.get().check_result.endswith("no difference")
    damage(settings.GITSYNC_CLONE_DIR)
    maintain()
    damage(settings.GITSYNC_CLONE_DIR)
    many.publish(1)
    drain()
    assert len(repository.changes(remote)) == 4


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_a_command_exits_with_advice_if_the_disk_is_full(
    remote: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def raise_no_space(path: Path) -> Repository:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Repository, "open", raise_no_space)

    with pytest.raises(CommandError, match=r"No space left on device: .*\nFree space") as raised:
        call(*command)

    assert raised.value.returncode == 2


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_a_command_exits_with_advice_if_the_clone_cannot_be_created(
    remote: Path, settings: Settings, command: tuple[str, ...]
) -> None:
    settings.GITSYNC_CLONE_DIR = remote / "HEAD" / "clone.git"

    with pytest.raises(CommandError, match=r"File exists: .*\n.*check the disk"):
        call(*command)


def test_the_admin_shows_that_the_disk_is_full(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many.publish(1)
    drain()
    Mirror.objects.update(fetch_requested=True)

    def raise_no_space(path: Path) -> Repository:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Repository, "open", raise_no_space)

    admin_requests.run()

    assert Mirror.objects.get().check_result.startswith("disk: No space left on device")
    assert not Mirror.objects.with_requests().exists()


def test_an_operation_runs_at_most_twice(remote: Path) -> None:
    clones = []

    def fail(clone: Repository) -> None:
        clones.append(list(clone.path.glob("trace")))
        (clone.path / "trace").touch()
        raise CloneBrokenError("broken")

    with pytest.raises(CloneBrokenError, match="broken"):
        with_clone(fail)

    assert clones == [[], []]


@pytest.mark.parametrize(("code", "kind"), [(errno.EDQUOT, DiskFullError), (errno.EIO, CloneBrokenError)])
def test_disk_errors_of_an_operation_are_translated(remote: Path, code: int, kind: type[Exception]) -> None:
    def fail(_: Repository) -> None:
        raise OSError(code, "words of the system")

    with pytest.raises(kind, match=r"^words of the system$"):
        with_clone(fail)


def test_there_is_only_one_writer_at_a_time(remote: Path) -> None:
    with temporary_clone("history.git") as clone:
        with pytest.raises(BusyError):
            with_clone(lambda _: None)
        with pytest.raises(BusyError), temporary_clone("history.git"):
            pass
        assert clone.path.is_dir()

    assert not clone.path.exists()
    with_clone(lambda _: None)


def test_no_other_module_accesses_the_clone() -> None:
    root = Path(gitsync.__file__).parent
    modules = {str(path.relative_to(root)) for path in root.rglob("*.py") if "GITSYNC_CLONE_DIR" in path.read_text()}

    assert modules == {"repository/access.py", "clone_lock.py"}  # The latter knows the path of the lock beside it.
