"""A new worker starts without old history and blobs, and fetches what it needs when it needs it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from gitsync.format.tree import folder
from gitsync.models import Change, Purge
from gitsync.repository import housekeeping
from gitsync.sync.drain import drain
from gitsync.sync.maintenance import maintain
from gitsync.sync.resync import look
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]

OLD = "an old text\n"


@pytest.fixture
def forge(remote: Path, settings: Settings) -> Path:
    """Return a remote that can omit blobs, with three commits for two old pastes; the worker has no clone."""
    fill(remote)
    delete_clone(settings)
    return remote


def fill(repo: Path) -> None:
    """Allow a repository to omit blobs, and make three commits for two pastes."""
    repository.git(repo, "config", "uploadpack.allowFilter", "true")
    pastes = [
        writing.publish(Draft([NewFile(OLD, "a.txt"), NewFile(f"{n}", "b.txt")], title=f"old {n}")) for n in range(2)
    ]
    writing.revise(pastes[1], [NewFile("newer\n", "a.txt")])
    drain()


def clone_of(settings: Settings) -> Path:
    """Return the worker's clone."""
    clone = settings.GITSYNC_CLONE_DIR
    assert isinstance(clone, Path)
    return clone


def delete_clone(settings: Settings) -> None:
    """Delete everything that a new machine would not have."""
    shutil.rmtree(clone_of(settings))


def blobs_in(clone: Path) -> set[bytes]:
    """Return all blobs in a repository, referenced or not."""
    listed = repository.git(clone, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")
    oids = [line.split()[1].decode() for line in listed.splitlines() if line.startswith(b"blob")]
    return {repository.git(clone, "cat-file", "blob", oid) for oid in oids}


def commits_in(clone: Path) -> int:
    """Return the number of commits in a repository."""
    listed = repository.git(clone, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
    return listed.split().count(b"commit")


def revisions(key: str) -> Sequence[dict[str, str]]:
    """Return the files of every revision of a paste."""
    found = Paste.objects.get(key=key).revisions.order_by("number")
    return [{file.name: file.content for file in revision.files.all()} for revision in found]


def assert_consistent(forge: Path, changes: int) -> None:
    """Fail unless this many changes are in Git, with one commit each, and Git and the database agree."""
    names = repository.changes(forge)
    assert len(names) == len(set(names)) == changes
    assert set(Change.objects.exclude(commit="").values_list("commit", flat=True)) == set(
        repository.commits(forge).values()
    )
    assert not Change.objects.pending().exists()
    assert look().is_clean
    repository.assert_sound(forge)


def test_a_shallow_clone_has_no_old_blobs_or_commits(forge: Path, settings: Settings) -> None:
    many.publish(1)

    assert drain().commits == 1

    assert [text for text in blobs_in(clone_of(settings)) if not text.startswith(b"{")] == [b"text 0\n"]
    assert commits_in(clone_of(settings)) == 2
    assert_consistent(forge, 4)


def test_drains_continue_from_a_shallow_clone(forge: Path, settings: Settings) -> None:
    key = many.publish(1)[0]
    drain()
    writing.revise(Paste.objects.get(key=key), [NewFile("second", "0.txt")])
    writing.publish(Draft([NewFile(OLD, "same-as-an-old-one.txt")]))
    drain()
    writing.hide(Paste.objects.get(title="old 0"))
    drain()

    assert commits_in(clone_of(settings)) == 5
    assert_consistent(forge, 7)


def test_maintenance_keeps_a_shallow_clone_usable(
    forge: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "MAX_SMALL_PACKS", 2)
    for _ in range(3):
        many.publish(1)
        drain()
    maintain()
    many.publish(1)

    drain()

    assert len(list(clone_of(settings).glob("objects/pack/*.pack"))) < 4
    assert_consistent(forge, 7)


def test_an_edit_of_a_long_old_file_by_others_is_imported(remote: Path, settings: Settings) -> None:
    long = "".join(f"line {n} of a text that Git sends as a difference\n" for n in range(500))
    repository.git(remote, "config", "uploadpack.allowFilter", "true")
    paste = writing.publish(Draft([NewFile(long, "a.txt")]))
    drain()
    delete_clone(settings)
    many.publish(1)
    drain()
    commit(remote, {f"{folder(paste.key)}/a.txt": long.replace("line 7 ", "LINE 7 ").encode()})
    repository.git(remote, "repack", "-a", "-d", "-q")

    drain()

    assert "LINE 7 " in revisions(paste.key)[1]["a.txt"]
    assert_consistent(remote, 3)


def test_an_edit_of_an_old_paste_by_others_is_imported(forge: Path, settings: Settings) -> None:
    many.publish(1)
    drain()
    paste = Paste.objects.get(title="old 0")
    commit(forge, {f"{folder(paste.key)}/b.txt": b"theirs\n", "copy.txt": OLD.encode()})

    drain()

    assert revisions(paste.key) == [{"a.txt": OLD, "b.txt": "0"}, {"a.txt": OLD, "b.txt": "theirs\n"}]
    assert Paste.objects.filter(author="Eve").count() == 1
    assert look().is_clean
    assert b"1" not in blobs_in(clone_of(settings))


def test_pushes_by_others_before_the_first_fetch_are_imported(forge: Path, settings: Settings) -> None:
    commit(forge, {f"{folder('handmade00')}/a.txt": b"theirs\n"})
    many.publish(1)

    drain()

    assert revisions("handmade00") == [{"a.txt": "theirs\n"}]
    assert_consistent(forge, 5)
    assert OLD.encode() not in blobs_in(clone_of(settings))


def test_a_branch_merged_from_before_the_shallow_commit_needs_the_whole_history(
    forge: Path, settings: Settings
) -> None:
    many.publish(1)
    drain()
    tip, old = repository.tip(forge), repository.git(forge, "rev-parse", "main~2").decode().strip()
    repository.git(forge, "update-ref", "refs/heads/main", old)
    side = commit(forge, {f"{folder('handmade00')}/a.txt": b"theirs\n"})
    tree_of_both = repository.git(forge, "merge-tree", "--write-tree", tip, side).decode().strip()
    who = ("-c", "user.name=Eve", "-c", "user.email=eve@example.org")
    merge = repository.git(forge, *who, "commit-tree", tree_of_both, "-p", tip, "-p", side, "-m", "Merge")
    repository.git(forge, "update-ref", "refs/heads/main", merge.decode().strip())

    drain()

    assert revisions("handmade00") == [{"a.txt": "theirs\n"}]
    assert len(revisions(Paste.objects.get(title="old 1").key)) == 2
    assert look().is_clean


def test_history_that_is_reset_is_pushed_again(forge: Path, settings: Settings) -> None:
    old = repository.git(forge, "rev-parse", "main~2").decode().strip()
    many.publish(1)
    drain()
    before = repository.tip(forge)
    repository.git(forge, "update-ref", "refs/heads/main", old)

    drain()

    assert repository.tip(forge) == before
    assert look().is_clean


def test_history_that_was_reset_before_the_first_fetch_is_pushed_again(forge: Path, settings: Settings) -> None:
    before = repository.tip(forge)
    repository.git(forge, "update-ref", "refs/heads/main", "main~2")

    drain()

    assert repository.tip(forge) == before
    assert look().is_clean


def test_a_purge_fetches_the_whole_history_first(forge: Path, settings: Settings) -> None:
    many.publish(1)
    drain()
    key = Paste.objects.get(title="old 1").key

    call_command("purge", key, "--reason", "x")

    assert not Purge.objects.pending().exists()
    assert key.encode() not in repository.git(forge, "rev-list", "--objects", "main")
    assert len(repository.changes(forge)) == 2
    assert look().is_clean
    repository.assert_sound(forge)
    many.publish(1)
    drain()
    assert_consistent(forge, 3)


def test_a_server_without_filters_still_sends_no_old_commit(forge: Path, settings: Settings) -> None:
    repository.git(forge, "config", "uploadpack.allowFilter", "false")
    many.publish(1)

    drain()

    assert commits_in(clone_of(settings)) == 2
    assert_consistent(forge, 4)


@pytest.fixture
def old_forge(over_ssh: Sshd, settings: Settings) -> Path:
    """Return such a remote over SSH, on a server with the oldest protocol, which does not send individual objects."""
    settings.GITSYNC_PUSH_INTERVAL = 0.0
    fill(over_ssh.repository)
    delete_clone(settings)
    return over_ssh.repository


def test_a_server_without_individual_blobs_sends_everything_when_one_is_needed(
    old_forge: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    many.publish(1)
    drain()
    assert look().is_clean
    assert commits_in(clone_of(settings)) == 1
    assert OLD.encode() not in blobs_in(clone_of(settings))
    paste = Paste.objects.get(title="old 0")
    commit(old_forge, {f"{folder(paste.key)}/b.txt": b"theirs\n"})

    drain()

    assert revisions(paste.key)[1] == {"a.txt": OLD, "b.txt": "theirs\n"}
    assert "the remote does not send individual blobs" in caplog.text
    assert_consistent(old_forge, 5)


def test_a_server_without_individual_commits_sends_everything_at_first(
    old_forge: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    commit(old_forge, {"NOTES": b"not known to the database"})
    many.publish(1)

    drain()

    assert "so the whole history is fetched" in caplog.text
    assert commits_in(clone_of(settings)) == 5
    assert_consistent(old_forge, 4)
