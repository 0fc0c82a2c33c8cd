"""Whatever others make of a paste's folder, the paste and its folder are the same again after the next drain."""

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
from tests.gitsync.foreign import Entry, commit
from tests.gitsync.inbound.test_read_in import published, texts
from tests.gitsync.person import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def metadata(remote: Path, key: str) -> dict[str, Any]:
    """Return what the metadata of a paste says at the tip."""
    said: dict[str, Any] = json.loads(repository.text(remote, key, ".pasteur.json"))
    return said


def edit_metadata(remote: Path, key: str, /, **facts: Any) -> None:
    """Change some of the metadata by hand."""
    said = metadata(remote, key) | facts
    commit(remote, {f"{folder(key)}/.pasteur.json": json.dumps(said, indent=1).encode()})


def assert_settled(remote: Path) -> None:
    """Fail unless both places are the same, and another look changes nothing."""
    assert look().is_clean
    tip = repository.tip(remote)
    Mirror.objects.update(tip=repository.git(remote, "rev-parse", "main~1").decode().strip())
    drain()
    assert repository.tip(remote) == tip
    assert look().is_clean


def test_a_reverted_edit_brings_the_old_text_back_as_a_revision(remote: Path) -> None:
    paste = published("one\n")
    writing.revise(paste, [NewFile("two\n", "a.txt")], title="New")
    drain()
    eve = Person(remote)
    eve.git("revert", "--no-edit", "HEAD")
    eve.push()

    drain()

    assert texts(paste.key) == [{"a.txt": "one\n"}, {"a.txt": "two\n"}, {"a.txt": "one\n"}]
    assert Paste.objects.values_list("head", "title").get() == (3, "")
    assert metadata(remote, paste.key)["revision"] == 3
    assert_settled(remote)


@pytest.mark.parametrize(
    ("facts", "author"),
    [
        ({"title": "By hand"}, "Ada"),
        ({"author": "Bob"}, "Bob"),
        ({"comment": "two\nlines"}, "Ada"),
        ({"visibility": "public"}, "Ada"),
    ],
)
def test_what_is_said_about_a_paste_is_edited_in_its_metadata(remote: Path, facts: dict[str, str], author: str) -> None:
    paste = published(title="T", author="Ada")
    edit_metadata(remote, paste.key, **facts)

    drain()

    (name, value), *_ = facts.items()
    assert Paste.objects.values_list(name, "head", "author").get() == (value, 2, author)
    assert [revision.author for revision in paste.revisions.all()] == ["", "Eve"]
    assert texts(paste.key) == [{"a.txt": "one"}] * 2
    assert_settled(remote)


def test_a_language_is_edited_in_the_metadata(remote: Path) -> None:
    paste = published()
    edit_metadata(remote, paste.key, files=[{"path": "a.txt", "name": "a.txt", "language": "python"}])

    drain()

    assert Paste.objects.get().files[0].language == "python"
    assert_settled(remote)


@pytest.mark.parametrize(
    "facts",
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
def test_metadata_that_cannot_be_taken_is_mended(remote: Path, facts: dict[str, Any]) -> None:
    paste = published(title="T")
    before = metadata(remote, paste.key)
    edit_metadata(remote, paste.key, **facts)

    drain()

    assert Paste.objects.values_list("title", "visibility", "encrypted", "expires_at", "old_code", "head").get() == (
        *("T", "unlisted", False, None, None),
        1,
    )
    assert metadata(remote, paste.key) == before
    assert_settled(remote)


def test_metadata_that_is_gone_or_broken_is_mended(remote: Path) -> None:
    gone, broken = published("one", "README.md"), published("two")
    path = f"{folder(gone.key)}/.pasteur.json"
    commit(remote, {path: None, f"{folder(broken.key)}/.pasteur.json": b"{"})

    drain()

    assert texts(gone.key) == [{"README.md": "one"}]
    assert_settled(remote)


def test_an_edit_where_metadata_is_gone_keeps_names_and_title(remote: Path) -> None:
    paste = published("one", "README.md", title="T")
    commit(remote, {f"{folder(paste.key)}/.pasteur.json": None, f"{folder(paste.key)}/_README.md": b"two"})

    drain()

    assert texts(paste.key) == [{"README.md": "one"}, {"README.md": "two"}]
    assert Paste.objects.get().title == "T"
    assert_settled(remote)


def test_modes_and_links_are_mended(remote: Path) -> None:
    paste, linked = published("one\n"), published("two\n")
    eve = Person(remote)
    eve.git("update-index", "--chmod=+x", f"{folder(paste.key)}/a.txt")
    eve.git("commit", "--quiet", "--message=Run")
    eve.push()
    commit(remote, {f"{folder(linked.key)}/a.txt": Entry("120000", b"two\n")})

    drain()

    assert texts(paste.key) == [{"a.txt": "one\n"}]
    assert b"100755" not in repository.git(remote, "ls-tree", "-r", "main")
    assert b"120000" not in repository.git(remote, "ls-tree", "-r", "main")
    assert_settled(remote)


def test_who_deletes_all_texts_removes_the_paste(remote: Path) -> None:
    paste, added = published("one", title="a secret"), "handmade00"
    commit(remote, {f"{folder(added)}/a.txt": b"one"})
    drain()
    eve = Person(remote)
    eve.git("revert", "--no-edit", "HEAD~1")  # The metadata, which came after it, stays.
    eve.commit({f"{folder(paste.key)}/a.txt": None})
    eve.push()

    drain()

    assert set(Paste.objects.values_list("key", "state")) == {(paste.key, State.HIDDEN), (added, State.HIDDEN)}
    assert repository.files(remote) == {}
    assert_settled(remote)


def test_very_many_deleted_texts_need_a_person(remote: Path) -> None:
    found = many.publish(105)
    drain()
    commit(remote, dict.fromkeys((f"{folder(key)}/{number}.txt" for number, key in enumerate(found)), None))

    with pytest.raises(TooManyRemovedError):
        drain()

    assert Paste.objects.filter(state=State.PUBLISHED).count() == 105


def test_a_great_jump_of_the_number_is_not_believed(remote: Path) -> None:
    paste = published()
    rows = {"revision": 2_000_000_000}
    edit_metadata(remote, paste.key, title="By hand", **rows)

    drain()

    assert Paste.objects.values_list("head", "title").get() == (2, "By hand")
    assert metadata(remote, paste.key)["revision"] == 2
    assert_settled(remote)


def test_what_has_just_been_pushed_is_no_revert(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = published()
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

    assert texts(paste.key) == [{"a.txt": text} for text in ("one", "two", "three", "two")]
    assert not Change.objects.pending().exists()
    assert look().is_clean
