"""A site respects the purges of another site that shares the repository."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from gitsync.errors import TooManyRemovedError
from gitsync.format.fast_import import NEXT_REF
from gitsync.format.tree import folder
from gitsync.inbound import removals
from gitsync.models import Change
from gitsync.purge.stream_filter import StreamFilter
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Paste, State
from tests import many, repository
from tests.gitsync.manual_commits import commit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def purge_elsewhere(remote: Path, keys: Sequence[str]) -> None:
    """Rewrite the branch the way another site does when it purges these pastes."""
    command = ["git", "-c", "safe.directory=*", f"--git-dir={remote}", "fast-export", "--no-data"]
    stream_filter = StreamFilter(keys)
    with subprocess.Popen([*command, "--show-original-ids", "main"], stdout=subprocess.PIPE) as source:
        assert source.stdout is not None
        stream = b"".join(stream_filter.apply(source.stdout))
    repository.git(remote, "fast-import", "--quiet", "--force", "--date-format=raw-permissive", stdin=stream)
    repository.git(remote, "update-ref", "refs/heads/main", NEXT_REF)
    repository.git(remote, "update-ref", "-d", NEXT_REF)


def is_hidden(key: str) -> bool:
    """Return whether a paste is hidden and its content is still in the database."""
    paste = Paste.objects.get(key=key)
    return paste.state == State.HIDDEN and paste.files[0].content != ""


def assert_only_purged(remote: Path, purged: Sequence[str], remaining: Sequence[str]) -> None:
    """Fail unless the remaining pastes are at the tip, no purged ones are in the history, and no change is pending."""
    tip = {path.split("/")[3] for path in repository.files(remote)}
    assert tip == set(remaining)
    objects = repository.git(remote, "rev-list", "--objects", "main").decode()
    assert not [key for key in purged if folder(key) in objects]
    assert not Change.objects.pending().exists()
    recorded = {change.name: change.commit for change in Change.objects.exclude(commit="")}
    assert recorded == repository.commits(remote)
    assert look().is_clean
    repository.assert_sound(remote)


@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_purge_by_another_site_hides_only_that_paste(remote: Path, place: int) -> None:
    keys = many.publish(5)
    drain()
    purge_elsewhere(remote, [keys[place]])
    keys += many.publish(1)

    drain()

    assert is_hidden(keys[place])
    assert Paste.objects.filter(state=State.PUBLISHED).count() == 5
    assert_only_purged(remote, [keys[place]], [key for key in keys if key != keys[place]])


def test_a_pending_edit_does_not_bring_a_purged_paste_back(remote: Path) -> None:
    keys = many.publish(3)
    drain()
    writing.revise(Paste.objects.get(key=keys[1]), [NewFile("second", "1.txt")])
    purge_elsewhere(remote, [keys[1]])

    drain()

    assert is_hidden(keys[1])
    assert_only_purged(remote, [keys[1]], [keys[0], keys[2]])


@pytest.mark.parametrize("reads_back", [True, False])
def test_resync_does_not_bring_a_purged_paste_back(remote: Path, settings: Settings, reads_back: bool) -> None:
    settings.GITSYNC_READ_BACK = reads_back
    keys = many.publish(3)
    drain()
    purge_elsewhere(remote, [keys[0]])

    call_command("resync_git")

    assert_only_purged(remote, [keys[0]], keys[1:])


def test_purging_a_paste_that_another_site_purged_rewrites_nothing(remote: Path) -> None:
    keys = many.publish(3)
    drain()
    purge_elsewhere(remote, [keys[0]])
    drain()
    tip = repository.tip(remote)

    call_command("purge", keys[0], "--reason", "as the other site")

    assert repository.tip(remote) == tip
    assert_only_purged(remote, [keys[0]], keys[1:])


def test_a_moderator_can_publish_a_paste_again_after_a_purge_elsewhere(remote: Path) -> None:
    keys = many.publish(3)
    drain()
    purge_elsewhere(remote, [keys[0]])
    drain()

    writing.show(Paste.objects.get(key=keys[0]))
    drain()
    purge_elsewhere(remote, [keys[2]])
    drain()

    assert_only_purged(remote, [keys[2]], keys[:2])


def test_content_that_another_site_purged_is_not_imported_from_a_root_file(remote: Path) -> None:
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


def test_the_purge_of_an_unknown_paste_changes_nothing(remote: Path) -> None:
    keys = many.publish(3)
    drain()
    purge_elsewhere(remote, ["0123456789"])
    before = Change.objects.count()

    drain()

    assert Change.objects.count() == before
    assert_only_purged(remote, ["0123456789"], keys)


def test_many_purges_by_another_site_require_a_decision(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removals, "ALLOWED_REMOVALS", 2)
    keys = many.publish(5)
    drain()
    purge_elsewhere(remote, keys[:3])

    with pytest.raises(TooManyRemovedError, match="3 of 5 pastes were purged"):
        drain()
    assert Paste.objects.filter(state=State.PUBLISHED).count() == 5
    call_command("read_from_git", "--accept-removals")
    drain()

    assert_only_purged(remote, keys[:3], keys[3:])


def test_an_operator_can_undo_many_purges_by_another_site(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removals, "ALLOWED_REMOVALS", 2)
    keys = many.publish(5)
    drain()
    purge_elsewhere(remote, keys[:3])

    call_command("read_from_git", "--undo-removals")
    drain()

    assert_only_purged(remote, [], keys)
