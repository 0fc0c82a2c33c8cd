"""A paste removed from the site is removed from the tip, regardless of its author and of what commits claim."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from gitsync.format.tree import folder
from gitsync.models import Change
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import repository
from tests.gitsync.inbound.test_read_in import publish_and_drain
from tests.gitsync.manual_commits import Entry, Row, commit
from tests.gitsync.recovery.test_restore import clear_database, restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def message_claiming_to_be_ours(name: str, kind: str = "publish") -> str:
    """Return a commit message that claims to be from Pasteur."""
    key = name.partition(".")[0]
    return f"By hand\n\nPasteur-Key: {key}\nPasteur-Kind: {kind}\nPasteur-Change: {name}"


def all_files(remote: Path) -> dict[Row, bytes | Entry | None]:
    """Return all files at the tip, to be committed again."""
    found: dict[Row, bytes | Entry | None] = {}
    found.update(repository.files(remote).items())
    return found


def squash(remote: Path) -> None:
    """Replace the history with a single commit that has no change trailers."""
    made = repository.git(
        remote, "-c", "user.name=Eve", "-c", "user.email=e@e", "commit-tree", "main^{tree}", "-m", "All"
    )
    repository.git(remote, "update-ref", "refs/heads/main", made.decode().strip())


def test_a_forged_trailer_settles_nothing(remote: Path) -> None:
    publish_and_drain()
    waiting = writing.publish(Draft([NewFile("waiting", "a.txt")]))
    commit(
        remote,
        {"NOTES": b"x"},
        message=message_claiming_to_be_ours(f"{waiting.key}.1"),
    )

    drain()

    assert repository.text(remote, waiting, "a.txt") == b"waiting"
    assert look().is_clean


def test_a_forged_trailer_keeps_nothing_at_the_tip(remote: Path) -> None:
    paste = publish_and_drain()
    writing.hide(paste)
    commit(remote, {"NOTES": b"x"}, message=message_claiming_to_be_ours(f"{paste.key}.2", "remove"))

    drain()

    assert set(repository.files(remote)) == {"NOTES"}
    assert look().is_clean


def test_another_sites_hiding_and_showing_keeps_nothing_at_the_tip(remote: Path) -> None:
    paste = publish_and_drain()
    files = all_files(remote)
    writing.hide(paste)
    commit(remote, {folder(paste.key): None}, message=message_claiming_to_be_ours(f"{paste.key}.2", "remove"))
    commit(remote, files, message=message_claiming_to_be_ours(f"{paste.key}.3", "restore"))

    drain()

    assert repository.files(remote) == {}
    assert not Change.objects.filter(settled_at=None).exists()
    assert look().is_clean


def test_another_sites_change_with_the_same_name_removes_nothing_from_the_tip(remote: Path) -> None:
    paste = publish_and_drain()
    files = all_files(remote)
    writing.hide(paste)
    writing.show(paste)
    commit(remote, {folder(paste.key): None}, message=message_claiming_to_be_ours(f"{paste.key}.2", "remove"))
    commit(remote, files, message=message_claiming_to_be_ours(f"{paste.key}.3", "restore"))
    commit(remote, {folder(paste.key): None}, message=message_claiming_to_be_ours(f"{paste.key}.4", "remove"))

    drain()

    assert repository.text(remote, paste, "a.txt") == b"one"
    assert look().is_clean


def test_hiding_and_showing_that_was_pushed_is_not_repeated(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = publish_and_drain()
    writing.hide(paste)
    writing.show(paste)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("gitsync.sync.drain._settle", die)
        with pytest.raises(KeyboardInterrupt):
            drain()
    tip = repository.tip(remote)
    assert Change.objects.pending().count() == 2

    drain()

    assert repository.tip(remote) == tip
    assert not Change.objects.pending().exists()
    assert repository.text(remote, paste, "a.txt") == b"one"


def test_a_paste_from_a_squashed_history_can_be_hidden(remote: Path) -> None:
    paste = publish_and_drain()
    squash(remote)
    clear_database()
    restore()
    assert look().is_clean
    change = Change.objects.get()
    assert (change.name, change.commit) == (f"{paste.key}.1", repository.tip(remote))

    writing.hide(Paste.objects.get())
    drain()

    assert repository.files(remote) == {}
    assert look().is_clean


def test_a_copied_folder_can_be_removed(remote: Path) -> None:
    paste = publish_and_drain()
    files = all_files(remote)
    squash(remote)
    commit(remote, {folder(paste.key): None})
    clear_database()
    publish_and_drain("other")
    commit(remote, files)
    drain()
    assert Change.objects.filter(key=paste.key).count() == 1

    writing.remove(Paste.objects.get(key=paste.key))
    drain()

    assert folder(paste.key) not in " ".join(repository.files(remote))
    assert look().is_clean


def test_a_hidden_paste_without_a_change_is_removed_from_the_tip(remote: Path) -> None:
    paste = publish_and_drain()
    Change.objects.all().delete()

    writing.hide(paste)
    drain()

    assert repository.files(remote) == {}


def test_removing_a_paste_that_was_never_mirrored_adds_no_change(remote: Path) -> None:
    burning = writing.publish(Draft([NewFile("x")], burn=True))
    expiring = writing.publish(Draft([NewFile("y")], lifetime=timedelta(hours=1)))
    hidden = writing.publish(Draft([NewFile("z")], lifetime=timedelta(hours=1)))

    writing.burn(burning)
    writing.hide(hidden)
    Paste.objects.filter(pk=expiring.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    writing.erase_expired()

    assert not Change.objects.exists()


def test_an_expiring_paste_from_another_site_remains_at_the_tip(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_MIRROR_EXPIRING = True
    paste = writing.publish(Draft([NewFile("one", "a.txt")], lifetime=timedelta(days=1)))
    drain()
    tip = repository.tip(remote)
    writing.revise(paste, [NewFile("two", "a.txt")])
    drain()
    edited = repository.tip(remote)
    clear_database()
    repository.git(remote, "update-ref", "refs/heads/main", tip)
    settings.GITSYNC_MIRROR_EXPIRING = False
    drain()
    repository.git(remote, "update-ref", "refs/heads/main", edited)

    drain()

    assert Paste.objects.get().files[0].content == "two"
    assert repository.tip(remote) == edited
    assert not Change.objects.filter(settled_at=None).exists()
