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
def default_remote(settings: Settings, tmp_path: Path) -> Path:
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


def test_small_packs_are_merged_without_loss(default_remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 5)
    before, objects = packs_in(default_remote), objects_in(default_remote)

    tidy(Repository(default_remote))

    assert len(before) == 10
    (size,) = packs_in(default_remote).values()
    assert size < sum(before.values()) * 0.75  # Similar objects are stored as deltas.
    assert objects_in(default_remote) == objects
    repository.assert_sound(default_remote)
    many.publish(1)
    drain()
    assert len(repository.changes(default_remote)) == 11


def test_few_packs_are_left_alone(default_remote: Path) -> None:
    before = packs_in(default_remote)

    tidy(Repository(default_remote))

    assert packs_in(default_remote) == before


def test_large_packs_and_packs_marked_to_keep_are_left_alone(
    default_remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 1)
    tidy(Repository(default_remote))
    (large,) = packs_in(default_remote)
    for number in range(4):
        many.publish(1)
        drain()
        monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 100)  # The next drains create more packs.
        if number == 0:
            (kept,) = packs_in(default_remote).keys() - {large}
            (default_remote / "objects" / "pack" / kept).with_suffix(".keep").touch()
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 1)
    monkeypatch.setattr(housekeeping, "MAX_PACK_OBJECTS", 140)

    tidy(Repository(default_remote))

    assert {large, kept} < packs_in(default_remote).keys()
    assert len(packs_in(default_remote)) == 3
    repository.assert_sound(default_remote)


def test_a_pack_much_larger_than_all_smaller_ones_is_not_merged(
    default_remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 1)
    tidy(Repository(default_remote))
    (large,) = packs_in(default_remote)
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 100)
    for _ in range(2):
        many.publish(1)
        drain()
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 1)

    tidy(Repository(default_remote))

    assert large in packs_in(default_remote)
    assert len(packs_in(default_remote)) == 2


def exit_as_killed(pack: Path) -> None:
    """Exit like a process that is killed."""
    raise KeyboardInterrupt(pack)


def test_a_merge_killed_before_it_deletes_is_repaired_by_the_next(
    default_remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 5)
    objects = objects_in(default_remote)
    with monkeypatch.context() as killed:
        killed.setattr(pack_index, "delete", exit_as_killed)
        with pytest.raises(KeyboardInterrupt):
            tidy(Repository(default_remote))
    assert len(packs_in(default_remote)) == 11

    tidy(Repository(default_remote))
    tidy(Repository(default_remote))

    assert len(packs_in(default_remote)) <= 2
    assert objects_in(default_remote) == objects
    repository.assert_sound(default_remote)


def test_commits_by_others_are_merged_too(default_remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 2)
    commit(default_remote, {b'"a\\nb.txt"': b"a line end in a name\n", "k/x": b"1"})
    made = ("-c", "user.name=Eve", "-c", "user.email=eve@example.org", "commit-tree", "main^{tree}")
    side = repository.git(default_remote, *made, "-p", "main~3", "-m", "Side").decode().strip()
    merge = repository.git(default_remote, *made, "-p", "main", "-p", side, "-m", "Merge").decode().strip()
    repository.git(default_remote, "update-ref", "refs/heads/main", merge)
    repository.git(default_remote, "repack", "-d", "-q")  # Pack loose objects, as a push does.
    objects = objects_in(default_remote)

    tidy(Repository(default_remote))

    assert objects_in(default_remote) == objects
    assert len(packs_in(default_remote)) < 3
    repository.assert_sound(default_remote)
