"""`manage.py restore_from_git`: every paste in the mirror is restored to an empty database."""

import json
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from gitsync.format.tree import folder
from gitsync.models import Change, Mirror
from gitsync.repository import history
from gitsync.repository.repository import Repository
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import erasing, mirror_copy, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, Revision
from pastes.search import index
from pastes.storage.insert import is_one_statement
from tests import many, older_backup, repository
from tests.gitsync.manual_commits import Entry, Row, commit
from tests.pastes.ciphertexts import sealed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def clear_database() -> None:
    """Delete all pastes and changes."""
    for model in (File, Revision, Paste, Change, Mirror):
        model.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {index.TABLE}")


def database_content() -> list[Any]:
    """Return all pastes, files and changes in the database, without primary keys."""
    pastes = [
        (
            model_to_dict(paste, exclude=["id"]),
            [
                (revision.number, revision.created_at, [model_to_dict(f, exclude=["id", "revision"]) for f in files])
                for revision in paste.revisions.all()
                for files in [revision.files.all()]
            ],
        )
        for paste in Paste.objects.order_by("key")
    ]
    changes = Change.objects.order_by("key", "number").values_list("key", "number", "kind", "revision", "commit")
    return [*pastes, *changes]


def restore(*options: str, status: int = 0) -> dict[str, Any]:
    """Run the command and return its report."""
    out = StringIO()
    ends = pytest.raises(SystemExit, match=str(status)) if status else nullcontext()
    with ends:
        call_command("restore_from_git", "--json", *options, stdout=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def test_all_pastes_are_restored_unchanged(remote: Path) -> None:
    many.publish(20)
    files = [NewFile("é\r\n\u2028", "README.md"), NewFile("x", ".gitmodules", "python"), NewFile("\ufeffy\n", "CON")]
    draft = Draft(files, title="Ä <b>", author="Ada", comment="two\nlines", visibility="public")
    paste = writing.publish(draft)
    writing.revise(paste, [NewFile("two", "b.txt")])
    drain()
    writing.revise(paste, [NewFile("three", "b.txt"), NewFile("four")])
    writing.fork(paste, author="Bob")
    writing.publish(Draft([NewFile(sealed())], encrypted=True))
    drain()
    before = database_content()
    clear_database()

    report = restore()

    assert report == {"tip": repository.tip(remote), "restored": 23, "present": 0, "skipped": {}}
    assert database_content() == before
    assert [found.key for found in index.search("four").pastes] == [paste.key]
    assert look().is_clean
    assert not Change.objects.pending().exists()


def test_restoring_again_changes_nothing(remote: Path) -> None:
    many.publish(5)
    drain()
    before = database_content()

    assert restore()["present"] == 5

    assert database_content() == before


def test_hidden_pastes_are_not_restored_and_republished_ones_are(remote: Path) -> None:
    hidden, republished = (Paste.objects.get(key=key) for key in many.publish(2))
    drain()
    for paste in (hidden, republished):
        writing.hide(paste)
    drain()
    writing.show(republished)
    drain()
    clear_database()

    restore()

    assert [paste.key for paste in Paste.objects.all()] == [republished.key]
    assert look().is_clean


def test_pruned_pastes_are_restored_from_the_history(remote: Path) -> None:
    keys = many.publish(15)
    drain()
    backup = older_backup.take()
    (hidden,) = many.publish(1)
    drain()
    writing.hide(Paste.objects.get(key=hidden))
    keys += many.publish(25)
    paste = writing.revise(Paste.objects.get(key=keys[-1]), [NewFile("two")])
    drain()
    before = repository.files(remote)
    backup.restore()
    call_command("resync_git", "--prune", stdout=StringIO(), stderr=StringIO())
    assert len(repository.files(remote)) == 2 * 15

    assert restore()["restored"] == 25
    drain()

    assert {restored.key for restored in Paste.objects.all()} == set(keys)
    assert Paste.objects.get(key=paste.key).head == 2
    assert repository.files(remote) == before
    assert look().is_clean
    assert restore() == {"tip": repository.tip(remote), "restored": 0, "present": 40, "skipped": {}}


def test_pruned_pastes_are_restored_to_an_empty_database_unless_they_were_purged(remote: Path) -> None:
    keys = many.publish(4)
    drain()
    clear_database()
    call_command("resync_git", "--prune", stdout=StringIO(), stderr=StringIO())
    clear_database()
    erasing.purge(keys[0], reason="spam", by="Mo")

    restore()
    drain()  # Pushes the rewritten history; the next drain pushes the changes.
    drain()

    assert {paste.key for paste in Paste.objects.all()} == set(keys[1:])
    assert look().is_clean


def test_edits_of_a_restored_paste_are_mirrored(remote: Path) -> None:
    (key,) = many.publish(1)
    drain()
    clear_database()
    restore()

    paste = writing.revise(Paste.objects.get(key=key), [NewFile("more")])
    drain()

    assert repository.changes(remote) == [f"{key}.1", f"{key}.2"]
    assert mirror_copy.of(paste) == mirror_copy.Copy("mirrored", repository.tip(remote))
    assert look().is_clean


def test_a_missing_branch_is_an_error_and_an_empty_repository_is_not(remote: Path, settings: Settings) -> None:
    assert restore()["tip"] == ""
    many.publish(1)
    drain()
    clear_database()
    settings.GITSYNC_BRANCH = "mian"

    with pytest.raises(CommandError, match="has no branch mian; it has main\n") as caught:
        call_command("restore_from_git")

    assert caught.value.returncode == 2
    assert not Mirror.objects.filter(branch="mian").exists()


def test_a_restore_needs_few_statements_per_paste(remote: Path) -> None:
    many.publish(150)
    drain()
    before = database_content()
    clear_database()

    with CaptureQueriesContext(connection) as queries:
        assert restore()["restored"] == 150

    # PostgreSQL stores the rows of a paste with one statement, SQLite with one each; savepoints need two more.
    assert len(queries) < (5 if is_one_statement() else 7) * 150
    assert database_content() == before


def test_existing_changes_are_kept(remote: Path) -> None:
    many.publish(3)
    drain()
    before = database_content()
    for model in (File, Revision, Paste):
        model.objects.all().delete()

    assert restore()["restored"] == 3

    assert database_content() == before
    assert look().is_clean


def test_exactly_the_prefetched_objects_are_read(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"text {number}".encode() for number in range(20)]
    large = b"x" * 100_000
    oids = [repository.git(remote, "hash-object", "-w", "--stdin", stdin=text).decode().strip() for text in texts]
    large_oid = repository.git(remote, "hash-object", "-w", "--stdin", stdin=large).decode().strip()
    monkeypatch.setattr(history, "_CACHED_OBJECTS", 5)
    monkeypatch.setattr(history, "_REQUEST_OBJECTS", 7)

    with history.objects(Repository(remote)) as objects:
        objects.prefetch([*oids, large_oid, "0" * 40, *oids])

        assert [objects.blob(oid, 100) for oid in oids] == texts
        assert objects.blob(oids[-1], 3) is None
        assert objects.tree(oids[-1]) is None
        assert (objects.blob(large_oid, 99_999), objects.blob(large_oid, 100_000)) == (None, large)
        assert objects.blob("0" * 40, 100) is None


def test_pastes_restored_from_another_remote_are_pushed_to_the_configured_one(
    remote: Path, tmp_path: Path, settings: Settings
) -> None:
    many.publish(3)
    drain()
    clear_database()
    settings.GITSYNC_REMOTE = str(tmp_path / "new.git")
    repository.git(tmp_path / "new.git", "init", "--bare", "--quiet", "--initial-branch=main", settings.GITSYNC_REMOTE)

    assert restore("--from", str(remote))["restored"] == 3
    assert not look().is_clean
    call_command("resync_git", stdout=StringIO(), stderr=StringIO())

    assert repository.files(Path(settings.GITSYNC_REMOTE)) == repository.files(remote)
    assert look().is_clean


def test_a_manually_created_folder_becomes_a_paste_with_metadata(remote: Path) -> None:
    key = "handmade00"
    commit(remote, {f"{folder(key)}/a.py": b"print()\n"}, author="Eve")

    restore()

    paste = Paste.objects.get(key=key)
    assert (paste.author, paste.files[0].name, paste.files[0].content) == ("Eve", "a.py", "print()\n")
    drain()
    assert look().is_clean


def test_manually_changed_content_is_restored_as_a_revision(remote: Path) -> None:
    (key,) = many.publish(1)
    drain()
    commit(remote, {f"{folder(key)}/0.txt": b"by hand\n"})
    clear_database()

    restore()

    paste = Paste.objects.get(key=key)
    assert paste.head == 2
    assert [revision.files.get().content for revision in paste.revisions.all()] == ["text 0\n", "by hand\n"]
    drain()
    assert look().is_clean


def as_bytes(row: Row) -> bytes:
    """Return a path as bytes."""
    return row if isinstance(row, bytes) else row.encode()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ({".pasteur.json": b"{"}, "not JSON"),
        ({".pasteur.json": b"[" * 100_000}, "not JSON"),
        ({".pasteur.json": b"[]"}, "format"),
        ({".pasteur.json": b'{"format": 1, "key": "zzzzzzzzzz"}'}, "a different key"),
        ({".pasteur.json": b'{"format": 1, "key": "abcdefghjk"}'}, "no valid revision"),
        (
            {".pasteur.json": b'{"format": 1, "key": "abcdefghjk", "revision": 9999999999}'},
            "revision number that is out of range",
        ),
        ({".pasteur.json": b" " * 300_000}, "metadata is too large"),
        ({"a": b"\xff\xfe"}, "not UTF-8"),
        ({"a": b"nul \0"}, "NUL"),
        ({"a": b"x" * 600_000}, "exceed PASTEUR_MAX_BYTES"),
        ({b"\xff": b"x"}, "control character"),
        ({"a": Entry("120000", b"/etc/passwd")}, "regular files"),
        ({"a": Entry("160000", b"1" * 40)}, "regular files"),
        ({"sub/a": b"x"}, "regular files"),
        ({f"{number}": b"x" for number in range(51)}, "more than 50"),
    ],
)
def test_folders_that_cannot_be_pastes_are_reported_and_skipped(
    remote: Path, rows: dict[Row, Any], reason: str
) -> None:
    (good,) = many.publish(1)
    drain()
    clear_database()
    texts: dict[Row, Any] = {} if "a" in rows else {"b": b"x"}
    inside = {as_bytes(row): content for row, content in {**texts, **rows}.items()}
    commit(remote, {as_bytes(folder("abcdefghjk")) + b"/" + row: content for row, content in inside.items()})

    report = restore(status=1)

    assert report["restored"] == 1
    assert reason in report["skipped"]["abcdefghjk"]
    assert [paste.key for paste in Paste.objects.all()] == [good]


def test_other_folders_in_the_repository_are_ignored(remote: Path) -> None:
    commit(remote, {"a/b/c/abc/x": b"1", "i/l/o/ilo1234567/x": b"2", "A/B/C/ABC1234567/x": b"3", "k/x": b"4"})

    report = restore(status=1)

    assert report["restored"] == 0
    assert report["skipped"] == {"abc": "its name cannot be a key"}


def test_an_invalid_or_missing_remote_is_an_error(remote: Path) -> None:
    with pytest.raises(CommandError, match="not supported"):
        call_command("restore_from_git", "--from", "ext::sh -c id".replace(" ", "://"))
    with pytest.raises(CommandError, match="not appear to be a git repository"):
        call_command("restore_from_git", "--from", "/nowhere/at/all.git")


def test_an_empty_repository_restores_nothing(remote: Path) -> None:
    assert restore() == {"tip": "", "restored": 0, "present": 0, "skipped": {}}
