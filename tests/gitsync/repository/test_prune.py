"""Pruning a large repository after a purge leaves exactly the objects reachable from branches."""

from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.errors import CloneBrokenError
from gitsync.format.tree import folder
from gitsync.remote.git_remote import Remote
from gitsync.repository import housekeeping, prune
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import erasing, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.manual_commits import Entry, commit

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "the secret of Ada\n"
WHO = ("-c", "user.name=Eve", "-c", "user.email=eve@example.org")


@pytest.fixture
def default_remote(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the default remote with old pastes, with the limit set so that ten objects count as many."""
    monkeypatch.setattr(housekeeping, "MAX_PACK_OBJECTS", 10)
    settings.GITSYNC_REMOTE = str(tmp_path / "mirror.git")
    settings.GITSYNC_IS_DEFAULT_REMOTE = True
    settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
    Remote.configured().prepare()
    many.publish(10)
    drain()
    return tmp_path / "mirror.git"


def secret_paste() -> Paste:
    """Publish and edit a paste, among others."""
    many.publish(1)
    paste = writing.publish(Draft([NewFile(SECRET, "a.txt")], title="Adas title", author="Ada Lovelace"))
    many.publish(1)
    drain()
    writing.revise(paste, [NewFile(SECRET * 2, "b.txt")])
    many.publish(1)
    drain()
    return paste


def packs_in(place: Path) -> set[str]:
    """Return the names of the packs in a repository."""
    return {pack.name for pack in place.glob("objects/pack/*.pack")}


def run_git(place: Path, *arguments: str, stdin: bytes | None = None) -> str:
    """Run Git in a repository and return its output."""
    return repository.git(place, *WHO, *arguments, stdin=stdin).decode().strip()


def all_in(place: Path) -> set[str]:
    """Return the ids of all objects in a repository."""
    return set(run_git(place, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split())


def assert_exactly_reachable(place: Path) -> None:
    """Fail unless the repository contains exactly the objects reachable from refs."""
    listed = run_git(place, "rev-list", "--objects", "--all").splitlines()
    assert all_in(place) == {line.split(" ")[0] for line in listed}
    repository.git(place, "fsck", "--strict", "--full")


def merge(place: Path) -> None:
    """Merge a branch by another author that contains all kinds of entries."""
    tip = repository.tip(place)
    run_git(place, "update-ref", "refs/heads/main", "main~2")
    odd: dict[str | bytes, bytes | Entry | None] = {
        "link": Entry("120000", b"notes"),
        "module": Entry("160000", tip.encode()),
    }
    side = commit(place, odd | {f"{folder('handmade00')}/a.txt": b"theirs\n", "notes/deep/ü.md": b"more"})
    tree = run_git(place, "merge-tree", "--write-tree", tip, side)
    made = run_git(place, "commit-tree", tree, "-p", tip, "-p", side, "-m", "Merge")
    run_git(place, "update-ref", "refs/heads/main", made)
    run_git(place, "repack", "-a", "-d", "-q")


def test_a_purge_leaves_only_reachable_objects(default_remote: Path) -> None:
    run_git(default_remote, "update-ref", "refs/heads/other", commit(default_remote, {"other/notes.md": b"theirs"}))
    paste = secret_paste()
    merge(default_remote)
    drain()
    before = packs_in(default_remote)
    erasing.purge(paste.key, reason="a password")

    drain()

    assert_exactly_reachable(default_remote)
    assert look().is_clean
    said = repository.git(default_remote, "cat-file", "--batch", stdin="\n".join(all_in(default_remote)).encode())
    assert b"Ada" not in said
    assert paste.key.encode() not in said
    assert len(packs_in(default_remote)) > 3
    assert before.isdisjoint(packs_in(default_remote))
    many.publish(1)
    drain()
    repository.assert_sound(default_remote)


def test_packs_without_unreachable_objects_are_left_alone(default_remote: Path) -> None:
    before = packs_in(default_remote)
    paste = secret_paste()
    erasing.purge(paste.key, reason="a password")

    drain()

    assert before < packs_in(default_remote)
    assert_exactly_reachable(default_remote)


def test_a_purge_leaves_only_reachable_objects_in_the_clone_of_a_configured_remote(
    remote: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "MAX_PACK_OBJECTS", 10)
    many.publish(10)
    drain()
    paste = secret_paste()
    erasing.purge(paste.key, reason="a password")

    drain()

    assert_exactly_reachable(settings.GITSYNC_CLONE_DIR)
    assert look().is_clean
    many.publish(1)
    drain()
    repository.assert_sound(remote)


def test_unreachable_loose_objects_are_deleted(default_remote: Path) -> None:
    lost, kept = (
        run_git(default_remote, "hash-object", "-w", "--stdin", stdin=text) for text in (b"a secret", b"text")
    )
    tree = run_git(default_remote, "mktree", stdin=f"100644 blob {kept}\ta.md\n".encode())
    run_git(
        default_remote, "update-ref", "refs/heads/other", run_git(default_remote, "commit-tree", tree, "-m", "theirs")
    )

    housekeeping.prune_unreachable(Repository(default_remote))

    assert prune.is_usual(Repository(default_remote))
    assert lost not in all_in(default_remote)
    assert kept in all_in(default_remote)
    assert_exactly_reachable(default_remote)


def test_a_repository_with_a_tag_is_pruned_by_git(default_remote: Path) -> None:
    run_git(default_remote, "tag", "-a", "-m", "theirs", "v1", "main")

    housekeeping.prune_unreachable(Repository(default_remote))

    assert not prune.is_usual(Repository(default_remote))
    assert run_git(default_remote, "cat-file", "-t", "v1") == "tag"
    assert_exactly_reachable(default_remote)


def test_nothing_is_deleted_if_a_reachable_tree_is_missing(default_remote: Path) -> None:
    text = run_git(default_remote, "hash-object", "-w", "--stdin", stdin=b"a text that nothing reaches")
    below = run_git(default_remote, "mktree", stdin=f"100644 blob {text}\ta.md\n".encode())
    tree = run_git(default_remote, "mktree", stdin=f"040000 tree {below}\tnotes\n".encode())
    run_git(
        default_remote, "update-ref", "refs/heads/other", run_git(default_remote, "commit-tree", tree, "-m", "theirs")
    )
    (default_remote / "objects" / below[:2] / below[2:]).unlink()
    before = all_in(default_remote)

    with pytest.raises(CloneBrokenError):
        prune.delete_unreachable(Repository(default_remote), 10)

    assert all_in(default_remote) == before
