"""What others push is read in, and what they only pretend is not."""

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
from gitsync.sync.schedule import ask_for_look, work_off
from pastes.lifecycle import erasing, mirror_copy, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, State
from tests import many, repository
from tests.gitsync.foreign import Entry, commit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def published(text: str = "one", name: str = "a.txt", **facts: Any) -> Paste:
    """Publish a paste and have it mirrored."""
    paste = writing.publish(Draft([NewFile(text, name)], **facts))
    drain()
    return paste


def texts(key: str) -> list[dict[str, str]]:
    """Return the files of every revision of a paste."""
    revisions = Paste.objects.get(key=key).revisions.all()
    return [{file.name: file.content for file in revision.files.all()} for revision in revisions]


def test_an_edit_becomes_a_revision_by_its_author(remote: Path) -> None:
    paste = published(title="T", author="Ada")
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two", f"{folder(paste.key)}/b.py": b"new"}, author="Eve")

    drain()

    assert texts(paste.key) == [{"a.txt": "one"}, {"a.txt": "two", "b.py": "new"}]
    assert [revision.author for revision in paste.revisions.all()] == ["", "Eve"]
    assert Paste.objects.values_list("head", "title", "author").get() == (2, "T", "Ada")
    assert repository.git(remote, "log", "-1", "--format=%an %s", "main").decode().strip() == "Eve Edit T"
    assert look().is_clean
    assert mirror_copy.of(Paste.objects.get()).commit == repository.tip(remote)


def test_an_edit_while_one_of_ours_waits_loses_neither(remote: Path) -> None:
    paste = published()
    writing.revise(paste, [NewFile("ours", "a.txt")])
    commit(remote, {f"{folder(paste.key)}/a.txt": b"theirs"})

    drain()

    assert texts(paste.key) == [{"a.txt": "one"}, {"a.txt": "ours"}, {"a.txt": "theirs"}]
    assert look().is_clean


def test_a_new_folder_becomes_a_paste(remote: Path) -> None:
    published()
    commit(remote, {f"{folder('handmade00')}/hello.py": b"print()\n"}, author="Eve")

    drain()

    paste = Paste.objects.get(key="handmade00")
    assert (paste.author, paste.files[0].name, paste.files[0].language) == ("Eve", "hello.py", "python")
    assert look().is_clean


def test_a_file_at_the_root_becomes_a_paste_and_moves_there(remote: Path) -> None:
    published()
    commit(remote, {"notes é.py": b"print('hi')\n"}, author="Eve")

    drain()

    paste = Paste.objects.get(author="Eve")
    assert repository.text(remote, paste, "notes é.py") == b"print('hi')\n"
    assert "notes é.py" not in repository.files(remote)
    assert repository.git(remote, "log", "-1", "--format=%an", "main").decode().strip() == "Eve"
    assert look().is_clean


@pytest.mark.parametrize("name", ["NOTES", "README.md", "LICENSE", ".gitattributes", "docs/a.py", "photo.png"])
def test_what_is_no_paste_at_the_root_stays(remote: Path, name: str) -> None:
    published()
    commit(remote, {name: b"mine"})

    drain()

    assert Paste.objects.count() == 1
    assert repository.files(remote)[name] == b"mine"


def test_a_removed_folder_takes_the_paste_off_the_site(remote: Path) -> None:
    paste, other = published(), published()
    commit(remote, {folder(paste.key): None})

    drain()

    assert Paste.objects.get(key=paste.key).state == State.HIDDEN
    assert Paste.objects.get(key=other.key).state == State.PUBLISHED
    assert look().is_clean
    writing.show(paste)
    drain()
    assert repository.text(remote, paste, "a.txt") == b"one"


def test_what_is_off_the_site_does_not_come_back(remote: Path) -> None:
    hidden, purged = published(), published("two")
    writing.hide(hidden)
    drain()
    erasing.purge(purged.key, reason="x")
    drain()
    commit(remote, {f"{folder(hidden.key)}/a.txt": b"one", f"{folder(purged.key)}/a.txt": b"two"})

    work_off()
    ask_for_look()
    work_off()

    assert {paste.state for paste in Paste.objects.all()} == {State.HIDDEN, State.REMOVED}
    assert repository.files(remote) == {}
    assert purged.key.encode() not in repository.git(remote, "rev-list", "--objects", "main")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"x" * 600_000, Entry("120000", b"/etc/passwd"), Entry("160000", b"1" * 40)]
)
def test_what_cannot_be_a_paste_is_left_alone_and_stops_nothing(remote: Path, content: bytes | Entry) -> None:
    paste = published()
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

    assert texts(paste.key) == [{"a.txt": "one"}]
    assert {paste.key for paste in Paste.objects.all()} == {paste.key, "handmade11"}


def test_forged_metadata_renames_no_other_paste(remote: Path) -> None:
    paste, other = published(), published()
    said = repository.text(remote, other, ".pasteur.json")
    commit(remote, {f"{folder(paste.key)}/.pasteur.json": said, f"{folder(paste.key)}/a.txt": b"two"})

    drain()

    assert texts(paste.key) == [{"a.txt": "one"}]
    assert texts(other.key) == [{"a.txt": "one"}]


def remove_all(remote: Path, keys: list[str]) -> None:
    """Remove very many pastes, as a person with a broken clone does."""
    commit(remote, dict.fromkeys((folder(key) for key in keys), None))


def test_very_many_removals_need_a_person(remote: Path) -> None:
    keys = many.publish(105)
    drain()
    remove_all(remote, keys[:101])

    with pytest.raises(TooManyRemovedError):
        drain()
    ask_for_look()
    work_off()

    assert Mirror.objects.get().error_code == "removals"
    assert Paste.objects.filter(state=State.PUBLISHED).count() == 105
    with pytest.raises(CommandError, match="101 of 105"):
        call_command("read_from_git")
    call_command("read_from_git", "--accept-removals")
    assert Paste.objects.filter(state=State.PUBLISHED).count() == 4
    assert look().is_clean


def test_very_many_removals_can_be_undone(remote: Path) -> None:
    keys = many.publish(105)
    drain()
    remove_all(remote, keys[:101])

    call_command("read_from_git", "--undo-removals")

    assert Paste.objects.filter(state=State.PUBLISHED).count() == 105
    assert len(repository.files(remote)) == 210
    assert look().is_clean


def test_history_that_was_set_back_is_no_wish_of_anybody(remote: Path) -> None:
    many.publish(3)
    drain()
    tip = repository.tip(remote)
    many.publish(2)
    drain()
    repository.git(remote, "update-ref", "refs/heads/main", tip)

    drain()

    assert Paste.objects.filter(state=State.PUBLISHED).count() == 5
    assert look().is_clean


def test_reading_can_be_switched_off(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_READ_BACK = False
    paste = published()
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two", "notes.py": b"x"})

    drain()

    assert texts(paste.key) == [{"a.txt": "one"}]
    assert "notes.py" in repository.files(remote)


def test_looks_come_by_themselves_and_when_asked_for(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_FETCH_INTERVAL = 3600
    paste = published()
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two"})

    work_off()
    assert len(texts(paste.key)) == 1
    ask_for_look(at_most_every=3600)
    work_off()
    assert len(texts(paste.key)) == 1
    ask_for_look()
    work_off()
    assert len(texts(paste.key)) == 2

    commit(remote, {f"{folder(paste.key)}/a.txt": b"three"})
    settings.GITSYNC_FETCH_INTERVAL = 0.001
    monday = Mirror.objects.get().fetched_at
    work_off()
    assert len(texts(paste.key)) == 3
    assert Mirror.objects.get().fetched_at != monday
    assert not Change.objects.pending().exists()


def test_without_an_interval_looks_come_only_when_asked_for(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_FETCH_INTERVAL = 0
    paste = published()
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two"})

    work_off()
    assert len(texts(paste.key)) == 1
    ask_for_look()
    work_off()
    assert len(texts(paste.key)) == 2
    Mirror.objects.update(fetched_at=timezone.now() - timedelta(days=1))
    assert not Mirror.objects.get().is_fetch_due(addresses.fetch_interval())


def test_a_look_that_was_asked_for_while_the_remote_was_away_is_not_forgotten(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_FETCH_INTERVAL = 0
    paste = published()
    commit(remote, {f"{folder(paste.key)}/a.txt": b"two"})
    away = remote.rename(remote.with_name("away.git"))
    ask_for_look()

    work_off()
    assert Mirror.objects.get().error_code
    away.rename(remote)
    Mirror.objects.update(retry_at=None)
    work_off()

    assert len(texts(paste.key)) == 2


def test_nobody_looks_where_nothing_is_read_in(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_READ_BACK = False
    published()
    ask_for_look()

    work_off()

    assert Mirror.objects.get().fetched_at is None
