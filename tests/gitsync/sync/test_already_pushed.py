"""A history that was reset or replaced is searched in batches, no matter how long it is."""

import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.models import Change, Mirror
from gitsync.repository import history
from gitsync.repository.repository import Repository
from gitsync.sync import already_pushed
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from gitsync.sync.settling import mark_settled
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def replace_history(remote: Path) -> None:
    """Give every commit on the branch a new id, as a purge by another site does."""
    stream = repository.git(remote, "fast-export", "main").replace(b"paste@pasteur.invalid", b"other@pasteur.invalid")
    repository.git(remote, "update-ref", "-d", "refs/heads/main")
    repository.git(remote, "fast-import", "--quiet", "--force", stdin=stream)


def test_every_change_is_settled_again_by_a_replaced_history(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(already_pushed, "_COMMITS_AT_ONCE", 7)
    many.publish(50)
    drain()
    before = repository.commits(remote)
    replace_history(remote)
    many.publish(1)

    drain()

    after = repository.commits(remote)
    assert len(repository.changes(remote)) == len(after) == 51
    assert not set(before.values()) & set(after.values())
    assert {change.name: change.commit for change in Change.objects.all()} == after
    assert look().is_clean


def test_a_drain_that_is_interrupted_between_two_batches_is_completed_by_the_next(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(already_pushed, "_COMMITS_AT_ONCE", 7)
    many.publish(50)
    drain()
    replace_history(remote)
    calls: list[Sequence[tuple[str, int]]] = []

    def mark_twice(commits: Sequence[tuple[str, int]]) -> None:
        calls.append(commits)
        if len(calls) == 3:
            raise KeyboardInterrupt
        mark_settled(commits)

    monkeypatch.setattr(already_pushed, "mark_settled", mark_twice)
    with pytest.raises(KeyboardInterrupt):
        drain()
    monkeypatch.setattr(already_pushed, "mark_settled", mark_settled)

    drain()

    assert {change.name: change.commit for change in Change.objects.all()} == repository.commits(remote)
    assert Mirror.objects.get(remote=str(remote)).tip == repository.tip(remote)
    assert look().is_clean


def test_of_two_commits_for_one_change_the_newer_counts(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for at_once in (1_000, 1):
        monkeypatch.setattr(already_pushed, "_COMMITS_AT_ONCE", at_once)
        told = [("a.1", "new"), ("b.1", "x"), ("a.1", "old")]
        monkeypatch.setattr(history, "changes", lambda *_: iter(told))  # noqa: B023  (used at once)

        first = next(batch["a.1"] for batch in already_pushed._batches(Repository(remote), "main") if "a.1" in batch)

        assert first == "new"


def test_memory_does_not_grow_with_the_length_of_the_history(
    remote: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*_: object) -> Iterator[tuple[str, str]]:
        return ((f"{number:010}.1", f"{number:040x}") for number in range(100_000))

    monkeypatch.setattr(history, "changes", told)
    clone = Repository.open(settings.GITSYNC_CLONE_DIR)
    tracemalloc.start()
    try:
        assert already_pushed.settle(clone, "main", {"0000000007"}) == (0, {"0000000007"})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 8 * 1024 * 1024  # A dict of all of them would need more than twenty.
