"""A history is rewritten a stretch at a time, which makes the very history that is made of it at once."""

from pathlib import Path

import pytest
from django.conf import settings

from gitsync.format.tree import folder
from gitsync.models import Change
from gitsync.purge import find_occurrences, rewrite
from gitsync.purge.commit_map import Renamed
from gitsync.purge.stream_filter import Filter
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import erasing
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.inbound.test_read_in import published
from tests.gitsync.person import Person
from tests.gitsync.purge.test_purge import purge

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def with_merges(remote: Path) -> Paste:
    """Make a history with branches that join late, one that is unrelated, and a paste to be purged on many roads."""
    paste = published("a password\n")
    path = f"{folder(paste.key)}/a.txt"
    eve = Person(remote)
    eve.branch("early", {"NOTES": "x"})
    eve.branch("late", {path: "another password\n"})
    many.publish(4)
    drain()
    eve.git("pull", "--quiet", "--ff-only")
    eve.merge("early", rows={})
    eve.commit({"docs/COPY": "a password\n"})
    eve.unrelated("elsewhere", {"OTHER": "x", f"{folder('handmade00')}/a.txt": "by hand\n"})
    eve.push()
    many.publish(4)
    drain()
    eve.git("pull", "--quiet", "--ff-only")
    eve.merge("late", rows={})
    eve.merge("elsewhere", rows={"NOTES": "y"})
    eve.push()
    many.publish(3)
    drain()
    return paste


def assert_named(remote: Path) -> None:
    """Fail unless every change names the commit that makes it, and the repository is sound."""
    named = {change.name: change.commit for change in Change.objects.exclude(commit="")}
    assert named
    assert named.items() <= repository.commits(remote).items()
    assert look().is_clean
    repository.assert_sound(remote)


def test_stretches_of_any_length_make_the_same_history(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = with_merges(remote)
    clone, tip = Repository(settings.GITSYNC_CLONE_DIR), repository.tip(remote)
    traces = find_occurrences.find(clone, tip, [paste.key])
    first, _ = next(find_occurrences.occurrences(clone, traces, tip))
    parents = clone.ask("rev-parse", f"{first}^@").decode().split()
    found = set[tuple[str, tuple[tuple[str, str, str], ...]]]()

    for length in (1, 2, 3, 5, 1_000):
        monkeypatch.setattr(rewrite, "_STRETCH", length)
        made, renamed = rewrite._rewritten(clone, tip, parents, Filter([paste.key], traces))
        found.add((made, tuple(sorted(renamed.changes()))))

    ((made, _),) = found
    assert made != tip


@pytest.mark.parametrize("length", [1, 3])
def test_a_purge_by_stretches_leaves_nothing_and_names_every_commit(
    remote: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    paste = with_merges(remote)
    monkeypatch.setattr(rewrite, "_STRETCH", length)
    monkeypatch.setattr(rewrite, "_AT_ONCE", 2)

    purge(paste.key)

    objects = repository.git(remote, "rev-list", "--objects", "main").decode()
    assert folder(paste.key) not in objects
    assert "docs/COPY" not in objects
    assert "NOTES" in objects
    assert_named(remote)


def test_a_crash_while_new_ids_are_noted_costs_nothing(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = with_merges(remote)
    naps = iter(range(3))

    def nap(_: float) -> None:
        if next(naps) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(rewrite, "_AT_ONCE", 2)
    erasing.purge(paste.key, reason="a password")
    with monkeypatch.context() as patched:
        patched.setattr(rewrite, "sleep", nap)
        with pytest.raises(KeyboardInterrupt):
            drain()
    tip = repository.tip(remote)
    assert not set(Change.objects.values_list("commit", flat=True)) <= {*repository.commits(remote).values(), ""}

    drain()

    assert_named(remote)
    assert folder(paste.key) not in repository.git(remote, "rev-list", "--objects", "main").decode()
    assert repository.git(remote, "merge-base", "--is-ancestor", tip, "main") == b""


def test_what_stands_for_a_commit_is_found_among_very_many() -> None:
    renamed = Renamed()
    renamed.add((f"{number:040x}", f"{number + 1:040x}", f"key.{number}") for number in range(100_000))
    renamed.add([("a" * 40, "", "")])

    assert renamed.now(f"{99_999:040x}") == f"{100_000:040x}"
    assert renamed.now("a" * 40) == ""
    assert renamed.now("b" * 40) == "b" * 40
    assert len(list(renamed.changes())) == 100_000
