"""Any number of purges is carried out: no list of keys, paths or ids becomes arguments of one command or query."""

import errno
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from gitsync.errors import GitsyncError, RemoteTimeoutError
from gitsync.models import Change, Purge
from gitsync.purge import occurrences, requests, rewrite
from gitsync.purge.commit_map import CommitMap
from gitsync.repository.access import with_clone
from gitsync.repository.process import stop_requested
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from pastes.lifecycle import erasing
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.gitsync.purge.test_chunks import build_history_with_merges
from tests.gitsync.purge.test_purge import assert_consistent, assert_purged, publish_secret_paste

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def discarded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the paths of the repositories that are discarded."""
    paths = []
    monkeypatch.setattr(Repository, "discard", lambda self: paths.append(self.path))
    return paths


def test_sixty_thousand_purges_share_one_rewrite(remote: Path, discarded: list[Path]) -> None:
    paste = publish_secret_paste()
    many.publish(3)
    drain()
    discarded.clear()
    now = timezone.now()
    Purge.objects.bulk_create(Purge(key=f"zzzz{number:06d}", requested_at=now) for number in range(60_000))
    erasing.purge(paste.key, reason="a password")

    drain()

    assert not discarded
    assert not Purge.objects.pending().exists()
    assert_purged(remote, paste)
    assert_consistent(remote)


def test_sixty_thousand_purges_are_postponed_together() -> None:
    now = timezone.now()
    keys = [f"zzzz{number:06d}" for number in range(60_000)]
    Purge.objects.bulk_create(Purge(key=key, requested_at=now) for key in keys)

    requests.postpone(keys, GitsyncError("no"))

    assert Purge.objects.filter(tries=1).count() == 60_000
    assert not requests.is_any_due()


def test_many_paths_are_found_as_few_are(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = build_history_with_merges(remote)
    commit(remote, {"notes.py": b"root file\n"}, author="Ada")
    drain()
    from_root = Change.objects.exclude(moved_from="").get().key
    clone, tip = Repository(settings.GITSYNC_CLONE_DIR), repository.tip(remote)
    keys = [paste.key, from_root]
    few = occurrences.find_content(clone, tip, keys)

    monkeypatch.setattr(occurrences, "_MAX_PATHSPECS", 0)
    many_paths = occurrences.find_content(clone, tip, keys)

    assert few == many_paths
    assert few.root_files
    assert few.oids


def test_commits_of_a_squashed_history_are_recorded_in_batches_that_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many.publish(10)
    old, new = "a" * 40, "b" * 40
    Change.objects.update(commit=old)
    commit_map = CommitMap()
    commit_map.add([(old, new, "")])
    monkeypatch.setattr(rewrite, "_ROWS_PER_TRANSACTION", 4)
    monkeypatch.setattr(rewrite, "sleep", lambda _: stop_requested.set())
    try:
        with pytest.raises(RemoteTimeoutError, match="asked to stop"):
            rewrite._record_unnamed_commits(commit_map)
    finally:
        stop_requested.clear()
    assert Change.objects.filter(commit=new).count() == 4

    monkeypatch.undo()
    rewrite._record_unnamed_commits(commit_map)

    assert Change.objects.filter(commit=new).count() == 10


@pytest.mark.parametrize("number", [errno.E2BIG, errno.EMFILE, errno.ENOMEM, errno.EAGAIN])
def test_a_process_that_cannot_be_started_does_not_cost_the_clone(
    remote: Path, discarded: list[Path], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    drain()
    discarded.clear()

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(number, "cannot start")

    monkeypatch.setattr("git.cmd.safer_popen", fail)

    with pytest.raises(GitsyncError) as raised:
        with_clone(lambda clone: clone.resolve("HEAD"))

    assert raised.value.code == "unexpected"
    assert not discarded
