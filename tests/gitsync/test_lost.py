"""Row 25, and histories that others replace: what the branch does not show any more comes back."""

from pathlib import Path

import pytest

from gitsync import drain
from gitsync.models import Change, Mirror
from gitsync.resync import look
from gitsync.tree import folder
from pastes import writing
from pastes.drafts import NewFile
from pastes.models import Paste
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def squash(remote: Path) -> str:
    """Replace the history by one commit of somebody else's, which names no change and shows the same."""
    repository.git(remote, "config", "user.name", "Eve")
    repository.git(remote, "config", "user.email", "eve@example.org")
    squashed = repository.git(remote, "commit-tree", "main^{tree}", "-m", "All in one").decode().strip()
    repository.git(remote, "update-ref", "refs/heads/main", squashed)
    return squashed


def test_fault_25_a_branch_deleted_after_its_history_was_squashed_comes_back(remote: Path) -> None:
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


def test_fault_25_pastes_from_a_history_that_names_no_change_come_back(remote: Path) -> None:
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
