"""The embargo, and pastes that expire: a paste removed in time is never committed."""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from gitsync.errors import PastesChangedError
from gitsync.format.fast_import import Commit
from gitsync.models import Change
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository, Written
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from gitsync.sync.schedule import work_off
from pastes.lifecycle import mirror_copy, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import repository
from tests.gitsync.recovery.test_restore import clear_database, database_content, restore
from tests.servers.process import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def publish(text: str = "secret", lifetime: timedelta | None = None) -> Paste:
    """Publish one file."""
    return writing.publish(Draft([NewFile(text, "a.txt")], lifetime=lifetime))


def end_embargo() -> None:
    """End the embargo of all changes."""
    Change.objects.embargoed().update(embargoed_until=timezone.now())


def objects(remote: Path) -> str:
    """Return every object reachable from any ref of the remote, with its path."""
    return repository.git(remote, "rev-list", "--objects", "--all").decode()


def test_a_new_paste_and_its_edits_wait_for_the_embargo(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_EMBARGO = 60
    paste = publish("one")
    writing.revise(paste, [NewFile("two", "a.txt")])

    assert work_off() is None
    assert repository.git(remote, "for-each-ref") == b""
    assert mirror_copy.of(paste).state == "waiting"
    assert look().is_clean
    end_embargo()
    work_off()

    assert repository.changes(remote) == [f"{paste.key}.1", f"{paste.key}.2"]
    assert repository.text(remote, paste, "a.txt") == b"two"
    assert look().is_clean


@pytest.mark.parametrize("way", [writing.hide, writing.remove])
def test_a_paste_removed_during_the_embargo_never_reaches_git(remote: Path, settings: Settings, way: object) -> None:
    settings.GITSYNC_EMBARGO = 60
    paste = publish()
    assert callable(way)
    way(paste)
    work_off()
    end_embargo()

    work_off()

    assert repository.git(remote, "for-each-ref") == b""
    assert not Change.objects.filter(settled_at=None).exists()
    assert look().is_clean


def test_a_paste_hidden_and_shown_again_still_waits(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_EMBARGO = 60
    paste = publish()
    writing.hide(paste)
    writing.show(paste)
    work_off()
    assert repository.git(remote, "for-each-ref") == b""
    end_embargo()

    work_off()

    assert repository.text(remote, paste, "a.txt") == b"secret"


def test_a_longer_embargo_removes_nothing_from_git(remote: Path, settings: Settings) -> None:
    paste = publish()
    drain()
    settings.GITSYNC_EMBARGO = 3600

    writing.revise(paste, [NewFile("two", "a.txt")])
    drain()

    assert repository.text(remote, paste, "a.txt") == b"two"
    assert look().is_clean


@pytest.mark.fault
def test_a_paste_taken_down_while_commits_are_created_is_not_pushed(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = publish("kept"), publish()
    write = Repository.write
    writes: list[str] = []

    def write_and_hide(clone: Repository, parent: str, commits: Iterable[Commit]) -> Written:
        written = write(clone, parent, commits)
        if not writes:
            writing.hide(gone)
        writes.append(written.tip)
        return written

    monkeypatch.setattr(Repository, "write", write_and_hide)
    drain()

    assert len(writes) == 2
    assert gone.key not in objects(remote)
    assert repository.text(remote, kept, "a.txt") == b"kept"


@pytest.mark.fault
def test_a_takedown_during_each_attempt_does_not_stop_the_drain(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, *others = publish("kept"), *(publish() for _ in range(8))
    write = Repository.write
    left = list(others)

    def write_and_hide(clone: Repository, parent: str, commits: Iterable[Commit]) -> Written:
        written = write(clone, parent, commits)
        if left:
            writing.hide(left.pop())
        return written

    monkeypatch.setattr(Repository, "write", write_and_hide)
    with pytest.raises(PastesChangedError):
        drain()
    assert repository.git(remote, "for-each-ref") == b""
    work_off()

    assert repository.changes(remote) == [f"{kept.key}.1"]
    assert not any(paste.key in objects(remote) for paste in others)
    assert not Change.objects.filter(settled_at=None).exists()
    assert look().is_clean


@pytest.mark.fault
def test_a_paste_that_expires_while_commits_are_created_is_not_pushed(
    remote: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GITSYNC_MIRROR_EXPIRING = True
    kept, gone = publish("kept"), publish(lifetime=timedelta(hours=1))
    write = Repository.write

    def write_and_wait(clone: Repository, parent: str, commits: Iterable[Commit]) -> Written:
        written = write(clone, parent, commits)
        Paste.objects.filter(pk=gone.pk).update(expires_at=timezone.now())
        return written

    monkeypatch.setattr(Repository, "write", write_and_wait)
    drain()
    writing.erase_expired()
    work_off()

    assert gone.key not in objects(remote)
    assert repository.changes(remote) == [f"{kept.key}.1"]
    assert look().is_clean


@pytest.mark.fault
def test_expiry_follows_the_databases_clock(remote: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.GITSYNC_MIRROR_EXPIRING = True
    publish(lifetime=timedelta(hours=1))
    Paste.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    monkeypatch.setattr("gitsync.outbox.loading.belongs", lambda _: True)

    drain()

    assert repository.git(remote, "for-each-ref") == b""
    assert not Change.objects.filter(settled_at=None).exists()


@pytest.mark.fault
def test_a_paste_taken_down_between_selection_and_commit_is_not_pushed(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paste = publish()
    tree_oids = Repository.tree_oids

    def hide_and_ask(clone: Repository, tip: str, folders: Iterable[str]) -> dict[str, str]:
        writing.hide(paste)
        return tree_oids(clone, tip, folders)

    monkeypatch.setattr(Repository, "tree_oids", hide_and_ask)
    drain()

    assert repository.git(remote, "for-each-ref") == b""


@pytest.mark.fault
def test_a_paste_taken_down_during_the_push_gets_a_removal_commit(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paste = publish()
    push = Remote.push

    def push_and_hide(*args: object, **kwargs: object) -> None:
        writing.hide(paste)
        push(*args, **kwargs)  # type: ignore[arg-type]  # handed through as they came

    monkeypatch.setattr(Remote, "push", push_and_hide)
    drain()
    work_off()

    assert repository.files(remote) == {}
    assert look().is_clean


def test_expiring_pastes_are_mirrored_if_configured(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_MIRROR_EXPIRING = True
    paste = publish(lifetime=timedelta(hours=1))
    burning = writing.publish(Draft([NewFile("x")], burn=True))
    drain()
    assert paste.expires_at is not None
    said = json.loads(repository.text(remote, paste, ".pasteur.json"))
    assert said["expires_at"] == paste.expires_at.isoformat(timespec="microseconds")
    assert mirror_copy.of(burning) == mirror_copy.NO_COPY
    assert look().is_clean

    Paste.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    writing.erase_expired()
    drain()

    assert repository.files(remote) == {}
    assert look().is_clean


def test_the_expiry_is_restored_with_the_paste(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_MIRROR_EXPIRING = True
    publish(lifetime=timedelta(hours=1))
    drain()
    before = database_content()
    clear_database()

    restore()

    assert database_content() == before
    assert look().is_clean


def test_an_expired_paste_is_not_restored(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_MIRROR_EXPIRING = True
    paste = publish(lifetime=timedelta(seconds=1))
    drain()
    clear_database()
    wait_until(lambda: paste.expires_at is not None and timezone.now() > paste.expires_at, "it expires", 10)

    report = restore(status=1)

    assert report["skipped"] == {paste.key: "it has expired"}
    assert not Paste.objects.exists()


@pytest.mark.parametrize(
    ("embargo", "expiring", "sentence"),
    [
        (
            0,
            False,
            "Pastes that do not expire and are not deleted after reading are also committed to Git permanently.",
        ),
        (
            3600,
            False,
            "Pastes that do not expire and are not deleted after reading are also committed to Git permanently "
            "after 1 hour.",
        ),
        (90, True, "Pastes that are not deleted after reading are also committed to Git permanently after 90 seconds."),
    ],
)
def test_the_compose_page_explains_the_rules(
    client: Client, settings: Settings, embargo: int, expiring: bool, sentence: str
) -> None:
    settings.GITSYNC_EMBARGO, settings.GITSYNC_MIRROR_EXPIRING = embargo, expiring

    assert sentence in client.get("/").content.decode()
