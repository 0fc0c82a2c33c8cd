"""A file pushed to the root becomes a paste, whose commit deletes the file."""

from pathlib import Path

import pytest

from gitsync.inbound.removals import Removals
from gitsync.models import Change
from gitsync.sync.drain import drain
from gitsync.sync.resync import import_pushed, look
from pastes.lifecycle import writing
from pastes.models import Paste
from tests import repository
from tests.gitsync.inbound.test_read_in import publish_and_drain, revision_texts
from tests.gitsync.manual_commits import Row, commit
from tests.gitsync.recovery.test_restore import clear_database, restore
from tests.gitsync.sync.test_already_pushed import replace_history

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_root_files_become_pastes_with_the_first_drain(remote: Path) -> None:
    other_files: dict[Row, bytes | None] = {
        "README.md": b"mine",
        "LICENSE": b"mine",
        "docs/a.py": b"mine",
        ".gitattributes": b"mine",
    }
    commit(remote, {**other_files, "notes.py": b"x = 1\n"})

    drain()

    assert [revision_texts(paste.key) for paste in Paste.objects.all()] == [[{"notes.py": "x = 1\n"}]]
    assert {path for path in repository.files(remote) if not path.startswith(Paste.objects.get().key[0])} == set(
        other_files
    )
    assert look().is_clean


def test_root_files_become_pastes_in_a_replaced_history(remote: Path) -> None:
    publish_and_drain()
    commit(remote, {"notes.py": b"x = 1\n"})
    replace_history(remote)

    drain()

    assert Paste.objects.filter(author="Eve").count() == 1
    assert "notes.py" not in repository.files(remote)
    assert look().is_clean


def test_two_sites_that_import_a_root_file_concurrently_create_the_same_paste(remote: Path) -> None:
    commit(remote, {"notes.py": b"x = 1\n"})
    tip = repository.tip(remote)
    drain()
    (paste,) = Paste.objects.values_list("key", "created_at", "author")
    files = repository.files(remote)
    clear_database()
    repository.git(remote, "update-ref", "refs/heads/main", tip)

    drain()

    assert list(Paste.objects.values_list("key", "created_at", "author")) == [paste]
    assert repository.files(remote) == files


def test_root_files_become_pastes_after_a_restore(remote: Path) -> None:
    publish_and_drain()
    commit(remote, {"notes.py": b"x = 1\n"})
    clear_database()
    restore()

    drain()

    assert Paste.objects.filter(author="Eve").count() == 1
    assert look().is_clean


def test_a_root_file_remains_one_paste_when_its_commit_is_lost(remote: Path) -> None:
    commit(remote, {"notes.py": b"x = 1\n"})
    tip = repository.tip(remote)
    drain()
    repository.git(remote, "update-ref", "refs/heads/main", tip)

    drain()

    assert Paste.objects.count() == 1
    assert "notes.py" not in repository.files(remote)
    assert not Change.objects.filter(settled_at=None).exists()
    assert look().is_clean


def test_a_root_file_is_deleted_when_its_paste_is_hidden_before_the_commit(remote: Path) -> None:
    commit(remote, {"notes.py": b"x = 1\n", "NOTES": b"mine"})
    import_pushed(Removals.ASK)
    writing.hide(Paste.objects.get())

    drain()

    assert set(repository.files(remote)) == {"NOTES"}
    assert not Change.objects.filter(settled_at=None).exists()
    assert look().is_clean
    tip = repository.tip(remote)
    drain()
    assert repository.tip(remote) == tip


def test_a_folder_in_place_of_a_root_file_is_left_alone(remote: Path) -> None:
    commit(remote, {"notes.py": b"x = 1\n"})
    import_pushed(Removals.ASK)
    commit(remote, {"notes.py": None})
    commit(remote, {"notes.py/readme": b"mine"})

    drain()

    assert repository.files(remote)["notes.py/readme"] == b"mine"
    assert Paste.objects.count() == 1
    assert look().is_clean
