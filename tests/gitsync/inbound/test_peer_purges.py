"""A site that shares its repository heeds what another one has purged from it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from gitsync.errors import TooManyRemovedError
from gitsync.format.fast_import import NEXT_REF
from gitsync.format.tree import folder
from gitsync.inbound import peer_purges
from gitsync.models import Change
from gitsync.purge.stream_filter import StreamFilter
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Paste, State
from tests import many, repository
from tests.gitsync.foreign import commit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def purge_elsewhere(remote: Path, keys: Sequence[str]) -> None:
    """Rewrite the branch as another site does that purges these pastes, without this one's database."""
    command = ["git", "-c", "safe.directory=*", f"--git-dir={remote}", "fast-export", "--no-data"]
    passing = StreamFilter(keys)
    with subprocess.Popen([*command, "--show-original-ids", "main"], stdout=subprocess.PIPE) as source:
        assert source.stdout is not None
        stream = b"".join(passing.apply(source.stdout))
    repository.git(remote, "fast-import", "--quiet", "--force", "--date-format=raw-permissive", stdin=stream)
    repository.git(remote, "update-ref", "refs/heads/main", NEXT_REF)
    repository.git(remote, "update-ref", "-d", NEXT_REF)


def is_hidden(key: str) -> bool:
    """Whether a paste is off the site, and its texts still in the database."""
    paste = Paste.objects.get(key=key)
    return paste.state == State.HIDDEN and paste.files[0].content != ""


def assert_all_but(remote: Path, purged: Sequence[str], kept: Sequence[str]) -> None:
    """Fail unless the branch has the kept pastes, its history no purged one, and nothing waits."""
    tip = {path.split("/")[3] for path in repository.files(remote)}
    assert tip == set(kept)
    objects = repository.git(remote, "rev-list", "--objects", "main").decode()
    assert not [key for key in purged if folder(key) in objects]
    assert not Change.objects.pending().exists()
    named = {change.name: change.commit for change in Change.objects.exclude(commit="")}
    assert named == repository.commits(remote)
    assert look().is_clean
    repository.assert_sound(remote)


@pytest.mark.parametrize("place", [0, 2, 4])
def test_what_another_site_has_purged_is_hidden_and_all_else_stays(remote: Path, place: int) -> None:
    keys = many.publish(5)
    drain()
    purge_elsewhere(remote, [keys[place]])
    keys += many.publish(1)

    drain()

    assert is_hidden(keys[place])
    assert Paste.objects.filter(state=State.PUBLISHED).count() == 5
    assert_all_but(remote, [keys[place]], [key for key in keys if key != keys[place]])


def test_an_edit_that_was_on_its_way_does_not_bring_it_back(remote: Path) -> None:
    keys = many.publish(3)
    drain()
    writing.revise(Paste.objects.get(key=keys[1]), [NewFile("second", "1.txt")])
    purge_elsewhere(remote, [keys[1]])

    drain()

    assert is_hidden(keys[1])
    assert_all_but(remote, [keys[1]], [keys[0], keys[2]])


@pytest.mark.parametrize("reads_back", [True, False])
def test_resync_does_not_bring_it_back(remote: Path, settings: Settings, reads_back: bool) -> None:
    settings.GITSYNC_READ_BACK = reads_back
    keys = many.publish(3)
    drain()
    purge_elsewhere(remote, [keys[0]])

    call_command("resync_git")

    assert_all_but(remote, [keys[0]], keys[1:])


def test_purging_it_here_too_finds_nothing_left_to_rewrite(remote: Path) -> None:
    keys = many.publish(3)
    drain()
    purge_elsewhere(remote, [keys[0]])
    drain()
    tip = repository.tip(remote)

    call_command("purge", keys[0], "--reason", "theirs")

    assert repository.tip(remote) == tip
    assert_all_but(remote, [keys[0]], keys[1:])


def test_a_moderator_may_show_it_again(remote: Path) -> None:
    keys = many.publish(3)
    drain()
    purge_elsewhere(remote, [keys[0]])
    drain()

    writing.show(Paste.objects.get(key=keys[0]))
    drain()
    purge_elsewhere(remote, [keys[2]])
    drain()

    assert_all_but(remote, [keys[2]], keys[:2])


def test_a_text_of_what_another_site_has_purged_is_read_in_from_no_file(remote: Path) -> None:
    keys = many.publish(2)
    drain()
    purge_elsewhere(remote, [keys[0]])
    drain()
    text = Paste.objects.get(key=keys[0]).files[0].content.encode()

    commit(remote, {"notes.py": text})
    drain()
    assert Paste.objects.count() == 2
    writing.show(Paste.objects.get(key=keys[0]))
    commit(remote, {"notes.txt": text})
    drain()

    assert Paste.objects.filter(state=State.PUBLISHED).count() == 3


def test_a_purge_that_tells_of_no_paste_of_ours_changes_nothing(remote: Path) -> None:
    keys = many.publish(3)
    drain()
    purge_elsewhere(remote, ["0123456789"])
    before = Change.objects.count()

    drain()

    assert Change.objects.count() == before
    assert_all_but(remote, ["0123456789"], keys)


def test_very_many_need_a_person(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_purges, "REMOVE_FREELY", 2)
    keys = many.publish(5)
    drain()
    purge_elsewhere(remote, keys[:3])

    with pytest.raises(TooManyRemovedError, match="3 of 5 pastes were purged"):
        drain()
    assert Paste.objects.filter(state=State.PUBLISHED).count() == 5
    call_command("read_from_git", "--accept-removals")
    drain()

    assert_all_but(remote, keys[:3], keys[3:])


def test_a_person_may_undo_very_many(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_purges, "REMOVE_FREELY", 2)
    keys = many.publish(5)
    drain()
    purge_elsewhere(remote, keys[:3])

    call_command("read_from_git", "--undo-removals")
    drain()

    assert_all_but(remote, [], keys)
