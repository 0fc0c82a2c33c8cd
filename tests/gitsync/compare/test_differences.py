"""Comparing database and mirror finds any kind of difference, and ignores what does not matter."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from gitsync.compare import differences
from gitsync.format.fast_import import Commit
from gitsync.format.tree import TreeEntry, folder
from gitsync.models import Change
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, Revision
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a dozen pastes count as a large site; tests/gitsync/sync/test_resync.py covers small ones."""
    monkeypatch.setattr(differences, "_ROWS_AT_ONCE", 3)
    monkeypatch.setattr(differences, "_SMALL_SITE_PASTES", 0)


def publish_every_variation() -> None:
    """Publish seven pastes that cover all variations of the metadata."""
    many.publish(5)
    rich = writing.publish(
        Draft(
            [NewFile("b", "b.py"), NewFile("a", 'a "quoted" é.txt'), NewFile("c", "CON")],
            title='A "title" \\ and 🐙',
            author="Ada",
            comment="two\nlines\t",
            lifetime=timedelta(days=1),
        )
    )
    writing.revise(rich, [NewFile("second", "z.txt"), NewFile("a", "a.txt")])
    writing.publish(Draft([NewFile("x")], forked_from=rich.key))
    # As an import stores them: no fraction of a second, and an old code.
    first, second = Paste.objects.order_by("pk")[:2]
    Paste.objects.filter(pk=first.pk).update(created_at=datetime(2019, 5, 1, 12, 0, tzinfo=UTC), old_code="aB3_")
    Paste.objects.filter(pk=second.pk).update(created_at=datetime(2020, 5, 1, 12, 0, 0, 50, tzinfo=UTC))
    Revision.objects.filter(paste=second).update(created_at=datetime(2021, 1, 1, tzinfo=UTC), author="Eve")


def differing_keys() -> list[str]:
    """Return the keys that differ, and fail if the comparison finds anything else."""
    found = look()
    assert (found.missing, found.extra, found.waiting) == ([], [], [])
    assert found.is_clean is not bool(found.differs)
    return found.differs


def test_pastes_of_every_kind_match_their_commits(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_MIRROR_EXPIRING = True
    publish_every_variation()
    drain()

    assert differing_keys() == []
    assert look().pastes == Paste.objects.count() == 7
    assert len(repository.files(remote)) == 2 * 6 + 3


@pytest.mark.parametrize(
    "change",
    [
        lambda paste: Paste.objects.filter(pk=paste).update(title="another"),
        lambda paste: Paste.objects.filter(pk=paste).update(author="another"),
        lambda paste: Paste.objects.filter(pk=paste).update(comment="another"),
        lambda paste: Paste.objects.filter(pk=paste).update(visibility="public"),
        lambda paste: Paste.objects.filter(pk=paste).update(encrypted=True),
        lambda paste: Paste.objects.filter(pk=paste).update(old_code="xyz"),
        lambda paste: Paste.objects.filter(pk=paste).update(forked_from="abcdefgh"),
        lambda paste: Paste.objects.filter(pk=paste).update(created_at=F("created_at") + timedelta(microseconds=1)),
        lambda paste: Paste.objects.filter(pk=paste).update(expires_at=timezone.now() + timedelta(days=1)),
        lambda paste: Revision.objects.filter(paste=paste).update(author="another"),
        lambda paste: Revision.objects.filter(paste=paste).update(created_at=timezone.now()),
        lambda paste: File.objects.filter(revision__paste=paste, position=0).update(oid="0" * 40),
        lambda paste: File.objects.filter(revision__paste=paste, position=1).update(name="other.txt"),
        lambda paste: File.objects.filter(revision__paste=paste, position=1).update(language="rust"),
        lambda paste: File.objects.filter(revision__paste=paste, position=0).update(position=2),
        lambda paste: File.objects.filter(revision__paste=paste, position=1).delete(),
    ],
)
def test_any_difference_in_one_paste_is_found(
    remote: Path, settings: Settings, change: Callable[[int], object]
) -> None:
    settings.GITSYNC_MIRROR_EXPIRING = True
    many.publish(3)
    paste = writing.publish(Draft([NewFile("0", "0.txt"), NewFile("1", "1.txt")], title="two"))
    drain()

    change(paste.pk)

    assert differing_keys() == [paste.key]


def test_two_swapped_folders_both_differ(remote: Path, settings: Settings) -> None:
    names = ["abc0000000", "abc0000001"]
    for key, name in zip(many.publish(3), names, strict=False):
        Paste.objects.filter(key=key).update(key=name)
        Change.objects.filter(key=key).update(key=name)
    drain()

    clone = Repository.open(settings.GITSYNC_CLONE_DIR)
    tip = Remote.configured().fetch(clone)
    commits = [
        Commit("x.1", "edit", name, folder(name), "Eve", "", timezone.now(), folder_contents(remote, other))
        for name, other in zip(names, reversed(names), strict=True)
    ]
    Remote.configured().push(clone, old=tip, new=clone.write(tip, commits).tip)

    assert differing_keys() == names


def folder_contents(remote: Path, key: str) -> tuple[TreeEntry, ...]:
    """Return the contents of a paste's folder at the tip."""
    names = repository.git(remote, "ls-tree", "--name-only", f"main:{folder(key)}").decode().split()
    return tuple(TreeEntry(name, "", repository.text(remote, key, name)) for name in names)


def test_rows_with_large_gaps_are_all_compared(remote: Path) -> None:
    between = many.publish(20)[1:-1]
    Change.objects.filter(key__in=between).delete()
    File.objects.filter(revision__paste__key__in=between).delete()
    Revision.objects.filter(paste__key__in=between).delete()
    Paste.objects.filter(key__in=between).delete()
    drain()
    many.publish(1)

    found = look()

    assert (found.pastes, len(found.waiting), found.missing, found.differs, found.extra) == (3, 1, [], [], [])
