"""Merging packs: few remain, nothing is lost, and large packs are left alone."""

from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.remote.git_remote import Remote
from gitsync.repository import housekeeping, pack_index
from gitsync.repository.housekeeping import tidy
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from tests import many, repository
from tests.gitsync.manual_commits import commit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Path:
    """Return the default remote with ten pastes, one pack each, some of which were pushed by others."""
    settings.GITSYNC_REMOTE = str(tmp_path / "mirror.git")
    settings.GITSYNC_IS_DEFAULT_REMOTE = True
    settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
    Remote.configured().prepare()
    for _ in range(10):
        many.publish(1)
        drain()
    return tmp_path / "mirror.git"


def packs_in(place: Path) -> dict[str, int]:
    """Return the size in bytes of every pack, keyed by name."""
    return {pack.name: pack.stat().st_size for pack in (place / "objects" / "pack").glob("*.pack")}


def objects_in(place: Path) -> list[bytes]:
    """Return the id, type and size of every object, once for each pack that contains it."""
    return sorted(repository.git(place, "cat-file", "--batch-all-objects", "--batch-check").splitlines())


def test_small_packs_are_merged_without_loss(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 5)
    before, objects = packs_in(own), objects_in(own)

    tidy(Repository(own))

    assert len(before) == 10
    (size,) = packs_in(own).values()
    assert size < sum(before.values()) * 0.75  # Similar objects are stored as deltas.
    assert objects_in(own) == objects
    repository.assert_sound(own)
    many.publish(1)
    drain()
    assert len(repository.changes(own)) == 11


def test_few_packs_are_left_alone(own: Path) -> None:
    before = packs_in(own)

    tidy(Repository(own))

    assert packs_in(own) == before


def test_large_packs_and_packs_marked_to_keep_are_left_alone(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 1)
    tidy(Repository(own))
    (large,) = packs_in(own)
    for number in range(4):
        many.publish(1)
        drain()
        monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 100)  # The next drains create more packs.
        if number == 0:
            (kept,) = packs_in(own).keys() - {large}
            (own / "objects" / "pack" / kept).with_suffix(".keep").touch()
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 1)
    monkeypatch.setattr(housekeeping, "MAX_PACK_OBJECTS", 140)

    tidy(Repository(own))

    assert {large, kept} < packs_in(own).keys()
    assert len(packs_in(own)) == 3
    repository.assert_sound(own)


def test_a_pack_much_larger_than_all_smaller_ones_is_not_merged(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 1)
    tidy(Repository(own))
    (large,) = packs_in(own)
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 100)
    for _ in range(2):
        many.publish(1)
        drain()
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 1)

    tidy(Repository(own))

    assert large in packs_in(own)
    assert len(packs_in(own)) == 2


def die(pack: Path) -> None:
    """Exit like a process that is killed."""
    raise KeyboardInterrupt(pack)


def test_a_merge_killed_before_it_deletes_is_repaired_by_the_next(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 5)
    objects = objects_in(own)
    with monkeypatch.context() as killed:
        killed.setattr(pack_index, "delete", die)
        with pytest.raises(KeyboardInterrupt):
            tidy(Repository(own))
    assert len(packs_in(own)) == 11

    tidy(Repository(own))
    tidy(Repository(own))

    assert len(packs_in(own)) <= 2
    assert objects_in(own) == objects
    repository.assert_sound(own)


def test_commits_by_others_are_merged_too(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 2)
    commit(own, {b'"a\\nb.txt"': b"a line end in a name\n", "k/x": b"1"})
    made = ("-c", "user.name=Eve", "-c", "user.email=eve@example.org", "commit-tree", "main^{tree}")
    side = repository.git(own, *made, "-p", "main~3", "-m", "Side").decode().strip()
    merge = repository.git(own, *made, "-p", "main", "-p", side, "-m", "Merge").decode().strip()
    repository.git(own, "update-ref", "refs/heads/main", merge)
    repository.git(own, "repack", "-d", "-q")  # Pack loose objects, as a push does.
    objects = objects_in(own)

    tidy(Repository(own))

    assert objects_in(own) == objects
    assert len(packs_in(own)) < 3
    repository.assert_sound(own)
