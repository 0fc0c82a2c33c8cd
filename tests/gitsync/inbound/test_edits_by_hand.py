"""Manual edits in a paste's folder: after the next drain, the paste and the folder agree."""

import json
from pathlib import Path
from typing import Any

import pytest

from gitsync.errors import TooManyRemovedError
from gitsync.format.tree import folder
from gitsync.models import Change, Mirror
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Paste, State
from tests import many, repository
from tests.gitsync.contributor import Contributor
from tests.gitsync.inbound.test_read_in import publish_and_drain, revision_texts
from tests.gitsync.manual_commits import Entry, commit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def metadata(remote: Path, key: str) -> dict[str, Any]:
    """Return the metadata of a paste at the tip."""
    row: dict[str, Any] = json.loads(repository.text(remote, key, ".pasteur.json"))
    return row


def edit_metadata(remote: Path, key: str, /, **fields: Any) -> None:
    """Commit a change to some metadata fields."""
    row = metadata(remote, key) | fields
    commit(remote, {f"{folder(key)}/.pasteur.json": json.dumps(row, indent=1).encode()})


def assert_settled(remote: Path) -> None:
    """Fail unless the database and the tip are equal, and another drain changes nothing."""
    assert look().is_clean
    tip = repository.tip(remote)
    Mirror.objects.update(tip=repository.git(remote, "rev-parse", "main~1").decode().strip())
    drain()
    assert repository.tip(remote) == tip
    assert look().is_clean


def test_a_reverted_edit_is_a_revision_with_the_old_text(remote: Path) -> None:
    paste = publish_and_drain("one\n")
    writing.revise(paste, [NewFile("two\n", "a.txt")], title="New")
    drain()
    eve = Contributor(remote)
    eve.git("revert", "--no-edit", "HEAD")
    eve.push()

    drain()

    assert revision_texts(paste.key) == [{"a.txt": "one\n"}, {"a.txt": "two\n"}, {"a.txt": "one\n"}]
    assert Paste.objects.values_list("head", "title").get() == (3, "")
    assert metadata(remote, paste.key)["revision"] == 3
    assert_settled(remote)


@pytest.mark.parametrize(
    ("fields", "author"),
    [
        ({"title": "By hand"}, "Ada"),
        ({"author": "Bob"}, "Bob"),
        ({"comment": "two\nlines"}, "Ada"),
        ({"visibility": "public"}, "Ada"),
    ],
)
def test_edited_metadata_changes_the_fields_of_the_paste(remote: Path, fields: dict[str, str], author: str) -> None:
    paste = publish_and_drain(title="T", author="Ada")
    edit_metadata(remote, paste.key, **fields)

    drain()

    (name, value), *_ = fields.items()
    assert Paste.objects.values_list(name, "head", "author").get() == (value, 2, author)
    assert [revision.author for revision in paste.revisions.all()] == ["", "Eve"]
    assert revision_texts(paste.key) == [{"a.txt": "one"}] * 2
    assert_settled(remote)


def test_an_edited_language_in_the_metadata_is_stored(remote: Path) -> None:
    paste = publish_and_drain()
    edit_metadata(remote, paste.key, files=[{"path": "a.txt", "name": "a.txt", "language": "python"}])

    drain()

    assert Paste.objects.get().files[0].language == "python"
    assert_settled(remote)


@pytest.mark.parametrize(
    "fields",
    [
        {"visibility": "everybody"},
        {"title": "x" * 10_000},
        {"created_at": "2001-01-01T00:00:00+00:00"},
        {"encrypted": True},
        {"expires_at": "2001-01-01T00:00:00+00:00"},
        {"old_code": "aB3_"},
        {"key": "abcdefghjk"},
        {"format": 2},
        {"revision": 0},
        {"something": "else"},
    ],
)
def test_invalid_metadata_is_rewritten(remote: Path, fields: dict[str, Any]) -> None:
    paste = publish_and_drain(title="T")
    before = metadata(remote, paste.key)
    edit_metadata(remote, paste.key, **fields)

    drain()

    assert Paste.objects.values_list("title", "visibility", "encrypted", "expires_at", "old_code", "head").get() == (
        *("T", "unlisted", False, None, None),
        1,
    )
    assert metadata(remote, paste.key) == before
    assert_settled(remote)


def test_missing_or_broken_metadata_is_rewritten(remote: Path) -> None:
    missing, broken = publish_and_drain("one", "README.md"), publish_and_drain("two")
    path = f"{folder(missing.key)}/.pasteur.json"
    commit(remote, {path: None, f"{folder(broken.key)}/.pasteur.json": b"{"})

    drain()

    assert revision_texts(missing.key) == [{"README.md": "one"}]
    assert_settled(remote)


def test_an_edit_without_metadata_keeps_names_and_title(remote: Path) -> None:
    paste = publish_and_drain("one", "README.md", title="T")
    commit(remote, {f"{folder(paste.key)}/.pasteur.json": None, f"{folder(paste.key)}/_README.md": b"two"})

    drain()

    assert revision_texts(paste.key) == [{"README.md": "one"}, {"README.md": "two"}]
    assert Paste.objects.get().title == "T"
    assert_settled(remote)


def test_changed_modes_and_links_are_rewritten(remote: Path) -> None:
    paste, linked = publish_and_drain("one\n"), publish_and_drain("two\n")
    eve = Contributor(remote)
    eve.git("update-index", "--chmod=+x", f"{folder(paste.key)}/a.txt")
    eve.git("commit", "--quiet", "--message=Run")
    eve.push()
    commit(remote, {f"{folder(linked.key)}/a.txt": Entry("120000", b"two\n")})

    drain()

    assert revision_texts(paste.key) == [{"a.txt": "one\n"}]
    assert b"100755" not in repository.git(remote, "ls-tree", "-r", "main")
    assert b"120000" not in repository.git(remote, "ls-tree", "-r", "main")
    assert_settled(remote)


def test_deleting_all_files_in_a_folder_hides_the_paste(remote: Path) -> None:
    paste, added = publish_and_drain("one", title="a secret"), "handmade00"
    commit(remote, {f"{folder(added)}/a.txt": b"one"})
    drain()
    eve = Contributor(remote)
    eve.git("revert", "--no-edit", "HEAD~1")  # The metadata, which Pasteur committed afterwards, remains.
    eve.commit({f"{folder(paste.key)}/a.txt": None})
    eve.push()

    drain()

    assert set(Paste.objects.values_list("key", "state")) == {(paste.key, State.HIDDEN), (added, State.HIDDEN)}
    assert repository.files(remote) == {}
    assert_settled(remote)


def test_deleting_the_files_of_many_pastes_requires_a_decision(remote: Path) -> None:
    keys = many.publish(105)
    drain()
    commit(remote, dict.fromkeys((f"{folder(key)}/{number}.txt" for number, key in enumerate(keys)), None))

    with pytest.raises(TooManyRemovedError):
        drain()

    assert Paste.objects.filter(state=State.PUBLISHED).count() == 105


def test_a_large_jump_in_the_revision_number_is_ignored(remote: Path) -> None:
    paste = publish_and_drain()
    edit_metadata(remote, paste.key, title="By hand", revision=2_000_000_000)

    drain()

    assert Paste.objects.values_list("head", "title").get() == (2, "By hand")
    assert metadata(remote, paste.key)["revision"] == 2
    assert_settled(remote)


def test_a_push_before_a_crash_is_not_mistaken_for_a_revert(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = publish_and_drain()
    writing.revise(paste, [NewFile("two", "a.txt")])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("gitsync.sync.drain._settle", die)
        with pytest.raises(KeyboardInterrupt):
            drain()
    writing.revise(paste, [NewFile("three", "a.txt")])
    writing.revise(paste, [NewFile("two", "a.txt")])

    drain()

    assert revision_texts(paste.key) == [{"a.txt": text} for text in ("one", "two", "three", "two")]
    assert not Change.objects.pending().exists()
    assert look().is_clean
