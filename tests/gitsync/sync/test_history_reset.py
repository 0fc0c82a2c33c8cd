"""History resets, and histories replaced by others: whatever is missing from the branch is committed again."""

from pathlib import Path

import pytest

from gitsync.format.tree import folder
from gitsync.models import Change, Mirror
from gitsync.sync import drain
from gitsync.sync.resync import look
from pastes.lifecycle import erasing, writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.gitsync.recovery.test_restore import clear_database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def squash(remote: Path) -> str:
    """Replace the history with one commit by another author, with the same tree and no change trailers."""
    repository.git(remote, "config", "user.name", "Eve")
    repository.git(remote, "config", "user.email", "eve@example.org")
    squashed = repository.git(remote, "commit-tree", "main^{tree}", "-m", "All in one").decode().strip()
    repository.git(remote, "update-ref", "refs/heads/main", squashed)
    return squashed


@pytest.mark.fault
def test_a_branch_deleted_after_a_squash_is_rebuilt(remote: Path) -> None:
    many.publish(20)
    first, gone, *_ = Paste.objects.order_by("pk")
    writing.revise(first, [NewFile("two", "a.txt")])
    drain.drain()
    shown = repository.tip(remote)
    writing.hide(gone)
    drain.drain()
    squash(remote)
    drain.drain()
    assert Change.objects.filter(commit="", settled_at__isnull=False).count() == 20

    repository.git(remote, "update-ref", "-d", "refs/heads/main")
    drain.drain()
    assert repository.text(remote, first, "a.txt") == b"two"
    assert look().is_clean

    squash(remote)
    drain.drain()
    repository.git(remote, "update-ref", "refs/heads/main", shown)
    repository.git(remote, "update-ref", "refs/heads/main", squash(remote))
    drain.drain()
    assert f"{folder(gone.key)}/.pasteur.json" not in repository.files(remote)
    assert look().is_clean


@pytest.mark.fault
def test_pastes_of_a_history_without_change_trailers_are_committed_again(remote: Path) -> None:
    many.publish(5)
    drain.drain()
    squash(remote)
    Change.objects.all().delete()
    Mirror.objects.all().delete()
    drain.drain()
    assert not Change.objects.exists()

    repository.git(remote, "update-ref", "-d", "refs/heads/main")
    drain.drain()

    assert len(repository.subjects(remote)) == 5
    assert look().is_clean


def test_pastes_created_and_removed_in_a_replaced_history_are_restored(remote: Path) -> None:
    kept, *_ = many.publish(1)
    drain.drain()
    lost, *_ = many.publish(1)
    drain.drain()
    repository.git(remote, "update-ref", "refs/heads/main", "main~1")
    commit(remote, {folder(kept): None})

    drain.drain()

    assert {path.split("/")[3] for path in repository.files(remote)} == {kept, lost}
    assert not Change.objects.filter(settled_at=None).exists()
    assert look().is_clean


def test_a_purge_after_a_squash_leaves_only_existing_commits_in_the_rows(remote: Path) -> None:
    many.publish(3)
    drain.drain()
    squash(remote)
    clear_database()
    drain.drain()
    purged, *_ = Paste.objects.order_by("pk")

    erasing.purge(purged.key, reason="a password")
    drain.drain()

    named = set(Change.objects.exclude(commit="").values_list("commit", flat=True))
    assert named
    assert named <= set(repository.git(remote, "rev-list", "main").decode().split())
    assert look().is_clean


def test_an_edit_on_top_of_a_reset_history_is_imported(remote: Path) -> None:
    edited, *_ = many.publish(1)
    drain.drain()
    lost, *_ = many.publish(1)
    drain.drain()
    repository.git(remote, "update-ref", "refs/heads/main", "main~1")
    commit(remote, {f"{folder(edited)}/0.txt": b"by hand\n"})

    drain.drain()

    assert Paste.objects.get(key=edited).files[0].content == "by hand\n"
    assert {path.split("/")[3] for path in repository.files(remote)} == {edited, lost}
    assert look().is_clean
