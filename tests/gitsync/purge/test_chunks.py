"""Rewriting a history in chunks gives the same result as rewriting it in one piece."""

from pathlib import Path

import pytest
from django.conf import settings

from gitsync.format.tree import folder
from gitsync.models import Change
from gitsync.purge import occurrences, rewrite
from gitsync.purge.commit_map import CommitMap
from gitsync.purge.stream_filter import StreamFilter
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import erasing
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.contributor import Contributor
from tests.gitsync.inbound.test_read_in import publish_and_drain
from tests.gitsync.purge.test_purge import purge

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def build_history_with_merges(remote: Path) -> Paste:
    """Build a history with late merges and an unrelated branch, and a paste that is on several branches."""
    paste = publish_and_drain("a password\n")
    path = f"{folder(paste.key)}/a.txt"
    eve = Contributor(remote)
    eve.branch("early", {"NOTES": "x"})
    eve.branch("late", {path: "another password\n"})
    many.publish(4)
    drain()
    eve.git("pull", "--quiet", "--ff-only")
    eve.merge("early", files={})
    eve.commit({"docs/COPY": "a password\n"})
    eve.unrelated("elsewhere", {"OTHER": "x", f"{folder('handmade00')}/a.txt": "by hand\n"})
    eve.push()
    many.publish(4)
    drain()
    eve.git("pull", "--quiet", "--ff-only")
    eve.merge("late", files={})
    eve.merge("elsewhere", files={"NOTES": "y"})
    eve.push()
    many.publish(3)
    drain()
    return paste


def assert_commits_recorded(remote: Path) -> None:
    """Fail unless the row of every change has the commit that makes it, and the repository passes fsck."""
    recorded = {change.name: change.commit for change in Change.objects.exclude(commit="")}
    assert recorded
    assert recorded.items() <= repository.commits(remote).items()
    assert look().is_clean
    repository.assert_sound(remote)


def test_chunks_of_any_length_produce_the_same_history(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = build_history_with_merges(remote)
    clone, tip = Repository(settings.GITSYNC_CLONE_DIR), repository.tip(remote)
    content = occurrences.find_content(clone, tip, [paste.key])
    first_commit, _ = next(occurrences.occurrences(clone, content, tip))
    parents = clone.ask("rev-parse", f"{first_commit}^@").decode().split()
    results = set[tuple[str, tuple[tuple[str, str, str], ...]]]()

    for length in (1, 2, 3, 5, 1_000):
        monkeypatch.setattr(rewrite, "_CHUNK_COMMITS", length)
        new_tip, commit_map = rewrite._rewrite_chunks(clone, tip, parents, StreamFilter([paste.key], content))
        results.add((new_tip, tuple(sorted(commit_map.changes()))))

    ((new_tip, _),) = results
    assert new_tip != tip


@pytest.mark.parametrize("length", [1, 3])
def test_a_purge_in_chunks_leaves_nothing_and_records_every_commit(
    remote: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    paste = build_history_with_merges(remote)
    monkeypatch.setattr(rewrite, "_CHUNK_COMMITS", length)
    monkeypatch.setattr(rewrite, "_ROWS_PER_TRANSACTION", 2)

    purge(paste.key)

    objects = repository.git(remote, "rev-list", "--objects", "main").decode()
    assert folder(paste.key) not in objects
    assert "docs/COPY" not in objects
    assert "NOTES" in objects
    assert_commits_recorded(remote)


def test_a_crash_while_new_commits_are_recorded_loses_none(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = build_history_with_merges(remote)
    pauses = iter(range(3))

    def die(_: float) -> None:
        if next(pauses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(rewrite, "_ROWS_PER_TRANSACTION", 2)
    erasing.purge(paste.key, reason="a password")
    with monkeypatch.context() as patched:
        patched.setattr(rewrite, "sleep", die)
        with pytest.raises(KeyboardInterrupt):
            drain()
    tip = repository.tip(remote)
    assert not set(Change.objects.values_list("commit", flat=True)) <= {*repository.commits(remote).values(), ""}

    drain()

    assert_commits_recorded(remote)
    assert folder(paste.key) not in repository.git(remote, "rev-list", "--objects", "main").decode()
    assert repository.git(remote, "merge-base", "--is-ancestor", tip, "main") == b""


def test_a_commit_map_of_100_000_commits_returns_each_replacement() -> None:
    commit_map = CommitMap()
    commit_map.add((f"{number:040x}", f"{number + 1:040x}", f"key.{number}") for number in range(100_000))
    commit_map.add([("a" * 40, "", "")])

    assert commit_map.replacement(f"{99_999:040x}") == f"{100_000:040x}"
    assert commit_map.replacement("a" * 40) == ""
    assert commit_map.replacement("b" * 40) == "b" * 40
    assert len(list(commit_map.changes())) == 100_000
