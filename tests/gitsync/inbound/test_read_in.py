"""Pushes by others are imported; forged and invalid content is not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from gitsync.errors import TooManyRemovedError
from gitsync.format.tree import folder
from gitsync.models import Change, Mirror
from gitsync.remote import addresses
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from gitsync.sync.schedule import request_fetch, work_off
from pastes.lifecycle import erasing, mirror_copy, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, State
from tests import many, repository
from tests.gitsync.manual_commits import Entry, commit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def publish_and_drain(text: str = "one", name: str = "a.txt", **fields: Any) -> Paste:
    """Publish a paste and push it to the remote."""
    paste = writing.publish(Draft([NewFile(text, name)], **fields))
    drain()
    return paste


def revision_texts(key: str) -> list[dict[str, str]]:
    """Return the files of every revision of a paste."""
    revisions = Paste.objects.get(key=key).revisions.all()
    return [{file.name: file.content for file in revision.files.all()} for revision in revisions]


def test_an_edit_becomes_a_revision_by_its_author(remote: Path) -> None:
    paste = publish_and_drain(title="T", author="Ada")
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two", f"{folder(paste.key)}/b.py": b"new"}, author="Eve")

    drain()

    assert revision_texts(paste.key) == [{"a.txt": "one"}, {"a.txt": "two", "b.py": "new"}]
    assert [revision.author for revision in paste.revisions.all()] == ["", "Eve"]
    assert Paste.objects.values_list("head", "title", "author").get() == (2, "T", "Ada")
    assert repository.git(remote, "log", "-1", "--format=%an %s", "main").decode().strip() == "Eve Edit T"
    assert look().is_clean
    assert mirror_copy.of(Paste.objects.get()).commit == repository.tip(remote)


def test_an_edit_in_git_and_a_pending_edit_both_become_revisions(remote: Path) -> None:
    paste = publish_and_drain()
    writing.revise(paste, [NewFile("ours", "a.txt")])
    commit(remote, {f"{folder(paste.key)}/a.txt": b"theirs"})

    drain()

    assert revision_texts(paste.key) == [{"a.txt": "one"}, {"a.txt": "ours"}, {"a.txt": "theirs"}]
    assert look().is_clean


def test_a_new_folder_becomes_a_paste(remote: Path) -> None:
    publish_and_drain()
    commit(remote, {f"{folder('handmade00')}/hello.py": b"print()\n"}, author="Eve")

    drain()

    paste = Paste.objects.get(key="handmade00")
    assert (paste.author, paste.files[0].name, paste.files[0].language) == ("Eve", "hello.py", "python")
    assert look().is_clean


def test_a_file_at_the_root_becomes_a_paste_and_moves_there(remote: Path) -> None:
    publish_and_drain()
    commit(remote, {"notes é.py": b"print('hi')\n"}, author="Eve")

    drain()

    paste = Paste.objects.get(author="Eve")
    assert repository.text(remote, paste, "notes é.py") == b"print('hi')\n"
    assert "notes é.py" not in repository.files(remote)
    assert repository.git(remote, "log", "-1", "--format=%an", "main").decode().strip() == "Eve"
    assert look().is_clean


@pytest.mark.parametrize("name", ["NOTES", "README.md", "LICENSE", ".gitattributes", "docs/a.py", "photo.png"])
def test_other_files_at_the_root_are_left_alone(remote: Path, name: str) -> None:
    publish_and_drain()
    commit(remote, {name: b"mine"})

    drain()

    assert Paste.objects.count() == 1
    assert repository.files(remote)[name] == b"mine"


def test_a_removed_folder_hides_the_paste(remote: Path) -> None:
    paste, other = publish_and_drain(), publish_and_drain()
    commit(remote, {folder(paste.key): None})

    drain()

    assert Paste.objects.get(key=paste.key).state == State.HIDDEN
    assert Paste.objects.get(key=other.key).state == State.PUBLISHED
    assert look().is_clean
    writing.show(paste)
    drain()
    assert repository.text(remote, paste, "a.txt") == b"one"


def test_hidden_and_purged_pastes_are_not_published_by_a_push(remote: Path) -> None:
    hidden, purged = publish_and_drain(), publish_and_drain("two")
    writing.hide(hidden)
    drain()
    erasing.purge(purged.key, reason="x")
    drain()
    commit(remote, {f"{folder(hidden.key)}/a.txt": b"one", f"{folder(purged.key)}/a.txt": b"two"})

    work_off()
    request_fetch()
    work_off()

    assert {paste.state for paste in Paste.objects.all()} == {State.HIDDEN, State.REMOVED}
    assert repository.files(remote) == {}
    assert purged.key.encode() not in repository.git(remote, "rev-list", "--objects", "main")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"x" * 600_000, Entry("120000", b"/etc/passwd"), Entry("160000", b"1" * 40)]
)
def test_content_that_cannot_be_a_paste_is_skipped(remote: Path, content: bytes | Entry) -> None:
    paste = publish_and_drain()
    commit(
        remote,
        {
            f"{folder(paste.key)}/a.txt": content,
            f"{folder('handmade00')}/a.txt": content,
            "root.txt": content,
            f"{folder('handmade11')}/a.txt": b"good",
        },
    )

    drain()

    assert revision_texts(paste.key) == [{"a.txt": "one"}]
    assert {paste.key for paste in Paste.objects.all()} == {paste.key, "handmade11"}


def test_metadata_of_another_paste_changes_neither_paste(remote: Path) -> None:
    paste, other = publish_and_drain(), publish_and_drain()
    row = repository.text(remote, other, ".pasteur.json")
    commit(remote, {f"{folder(paste.key)}/.pasteur.json": row, f"{folder(paste.key)}/a.txt": b"two"})

    drain()

    assert revision_texts(paste.key) == [{"a.txt": "one"}]
    assert revision_texts(other.key) == [{"a.txt": "one"}]


def delete_folders(remote: Path, keys: list[str]) -> None:
    """Commit the deletion of these pastes' folders."""
    commit(remote, dict.fromkeys((folder(key) for key in keys), None))


def test_many_removals_require_a_decision(remote: Path) -> None:
    keys = many.publish(105)
    drain()
    delete_folders(remote, keys[:101])

    with pytest.raises(TooManyRemovedError):
        drain()
    request_fetch()
    work_off()

    assert Mirror.objects.get().error_code == "removals"
    assert Paste.objects.filter(state=State.PUBLISHED).count() == 105
    with pytest.raises(CommandError, match="101 of 105"):
        call_command("read_from_git")
    call_command("read_from_git", "--accept-removals")
    assert Paste.objects.filter(state=State.PUBLISHED).count() == 4
    assert look().is_clean


def test_many_removals_can_be_undone(remote: Path) -> None:
    keys = many.publish(105)
    drain()
    delete_folders(remote, keys[:101])

    call_command("read_from_git", "--undo-removals")

    assert Paste.objects.filter(state=State.PUBLISHED).count() == 105
    assert len(repository.files(remote)) == 210
    assert look().is_clean


def test_a_branch_that_was_reset_removes_no_paste(remote: Path) -> None:
    many.publish(3)
    drain()
    tip = repository.tip(remote)
    many.publish(2)
    drain()
    repository.git(remote, "update-ref", "refs/heads/main", tip)

    drain()

    assert Paste.objects.filter(state=State.PUBLISHED).count() == 5
    assert look().is_clean


def test_importing_can_be_switched_off(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_READ_BACK = False
    paste = publish_and_drain()
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two", "notes.py": b"x"})

    drain()

    assert revision_texts(paste.key) == [{"a.txt": "one"}]
    assert "notes.py" in repository.files(remote)


def test_the_remote_is_fetched_at_intervals_and_on_request(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_FETCH_INTERVAL = 3600
    paste = publish_and_drain()
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two"})

    work_off()
    assert len(revision_texts(paste.key)) == 1
    request_fetch(at_most_every=3600)
    work_off()
    assert len(revision_texts(paste.key)) == 1
    request_fetch()
    work_off()
    assert len(revision_texts(paste.key)) == 2

    commit(remote, {f"{folder(paste.key)}/a.txt": b"three"})
    settings.GITSYNC_FETCH_INTERVAL = 0.001
    monday = Mirror.objects.get().fetched_at
    work_off()
    assert len(revision_texts(paste.key)) == 3
    assert Mirror.objects.get().fetched_at != monday
    assert not Change.objects.pending().exists()


def test_without_an_interval_the_remote_is_fetched_only_on_request(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_FETCH_INTERVAL = 0
    paste = publish_and_drain()
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two"})

    work_off()
    assert len(revision_texts(paste.key)) == 1
    request_fetch()
    work_off()
    assert len(revision_texts(paste.key)) == 2
    Mirror.objects.update(fetched_at=timezone.now() - timedelta(days=1))
    assert not Mirror.objects.get().is_fetch_due(addresses.fetch_interval())


def test_a_requested_fetch_is_repeated_after_the_remote_was_unreachable(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_FETCH_INTERVAL = 0
    paste = publish_and_drain()
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two"})
    away = remote.rename(remote.with_name("away.git"))
    request_fetch()

    work_off()
    assert Mirror.objects.get().error_code
    away.rename(remote)
    Mirror.objects.update(retry_at=None)
    work_off()

    assert len(revision_texts(paste.key)) == 2


def test_a_requested_fetch_does_nothing_while_importing_is_off(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_READ_BACK = False
    publish_and_drain()
    request_fetch()

    work_off()

    assert Mirror.objects.get().fetched_at is None


@pytest.mark.parametrize("count", [3, 150])
def test_what_another_site_prunes_stays_on_this_site_and_returns_to_git(remote: Path, count: int) -> None:
    many.publish(2)
    keys = many.publish(count)
    drain()
    before = repository.files(remote)
    for key in keys:
        message = f"Remove {key}\n\nPasteur-Key: {key}\nPasteur-Kind: prune\nPasteur-Change: {key}.1\n"
        commit = f"commit refs/heads/main\ncommitter Other <> 1700000000 +0000\ndata {len(message)}\n{message}"
        stream = f"{commit}\nfrom refs/heads/main^0\nD {folder(key)}\n"
        repository.git(remote, "fast-import", "--quiet", stdin=stream.encode())
    assert len(repository.files(remote)) == 2 * 2

    drain()

    assert Paste.objects.filter(key__in=keys, state="published").count() == count
    assert repository.files(remote) == before
    assert look().is_clean
