"""A damaged remote is detected by reading all its objects, reported everywhere, and recreated from the database."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from gitsync.models import Mirror
from gitsync.remote.git_remote import Remote
from gitsync.repository import housekeeping
from gitsync.sync import maintenance
from gitsync.sync.drain import drain
from gitsync.tasks import maintain
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def default_remote(settings: Settings, tmp_path: Path) -> Path:
    """Return the default remote with some pastes."""
    settings.GITSYNC_REMOTE = str(tmp_path / "mirror.git")
    settings.GITSYNC_IS_DEFAULT_REMOTE = True
    settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
    Remote.configured().prepare()
    many.publish(20)
    drain()
    return tmp_path / "mirror.git"


def flip_bytes(remote: Path) -> None:
    """Flip 28 bytes in the middle of the largest pack."""
    pack = max(remote.glob("objects/pack/*.pack"), key=lambda file: file.stat().st_size)
    content = bytearray(pack.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 28] = bytes(byte ^ 0xFF for byte in content[middle : middle + 28])
    pack.chmod(0o644)
    pack.write_bytes(content)


def delete_blob(remote: Path) -> None:
    """Repack the repository without one blob."""
    oid = repository.git(remote, "ls-tree", "-r", "main").decode().split()[2]
    ids = repository.git(remote, "rev-list", "--objects", "main").decode().split("\n")
    listing = "".join(f"{line}\n" for line in ids if line and not line.startswith(oid)).encode()
    old = list(remote.glob("objects/pack/pack-*"))
    repository.git(remote, "pack-objects", "--quiet", str(remote / "objects/pack/pack"), stdin=listing)
    for file in old:
        file.unlink()


@pytest.mark.parametrize("damage", [flip_bytes, delete_blob])
def test_damage_is_reported_everywhere_and_repaired(default_remote: Path, client: Client, damage: object) -> None:
    maintain()
    mirror = Mirror.objects.get()
    assert mirror.verified_at
    assert not mirror.damage
    damage(default_remote)  # type: ignore[operator]
    maintain()
    assert not Mirror.objects.get().damage, "it is verified once a day"
    Mirror.objects.update(verified_at="2020-01-01T00:00Z")

    maintain()

    assert Mirror.objects.get().damage
    assert client.get("/readyz").json()["mirror_error"] == "damaged"
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("mirror_status", stdout=output)
    assert "--rebuild-remote" in output.getvalue()
    with pytest.raises((SystemExit, CommandError)) as stopped:
        call_command("resync_git", "--check", stdout=StringIO(), stderr=StringIO())
    assert getattr(stopped.value, "code", 2) != 0

    call_command("resync_git", "--rebuild-remote", stdout=StringIO(), stderr=StringIO())

    mirror = Mirror.objects.get()
    assert mirror.verified_at
    assert not mirror.damage
    repository.assert_sound(default_remote)
    assert len(repository.subjects(default_remote)) == 20
    assert list(default_remote.parent.glob("mirror.git.damaged-*"))
    assert client.get("/readyz").json()["mirror_error"] == ""


def test_a_remote_at_a_path_is_verified_and_not_rebuilt(remote: Path) -> None:
    many.publish(5)
    drain()
    assert maintenance.verify() == ""
    repository.git(remote, "repack", "-a", "-d", "--quiet")
    flip_bytes(remote)

    assert maintenance.verify()
    with pytest.raises(CommandError, match="default remote"):
        call_command("resync_git", "--rebuild-remote", stdout=StringIO())


def test_a_malformed_commit_by_others_does_not_count_as_damage(default_remote: Path) -> None:
    tree = repository.git(default_remote, "rev-parse", "main^{tree}").decode().strip()
    text = f"tree {tree}\nauthor A <a@example.org> 1 +0000\ncommitter nobody\n\nodd\n".encode()
    oid = repository.git(default_remote, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text)
    repository.git(default_remote, "update-ref", "refs/heads/odd", oid.decode().strip())

    assert maintenance.verify() == ""


def test_damage_that_is_gone_on_a_second_look_is_ignored(default_remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["error: packfile cannot be accessed", ""])
    monkeypatch.setattr(housekeeping, "damage", lambda _: next(answers))

    assert maintenance.verify() == ""
    assert not Mirror.objects.get().damage


def test_after_a_restore_the_remote_is_verified_soon(default_remote: Path) -> None:
    Mirror.objects.update(verified_at="2026-01-01T00:00Z")

    call_command("restore_from_git", stdout=StringIO(), stderr=StringIO())

    assert Mirror.objects.get().verified_at is None
