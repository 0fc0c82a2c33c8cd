"""A purge removes content from every path in the repository, and purged content is not imported again."""

import hashlib
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from gitsync.errors import MisconfiguredError
from gitsync.format.tree import folder
from gitsync.models import Change, Purge, PurgedText
from gitsync.purge import requests, rewrite
from gitsync.purge.stream_filter import StreamFilter
from gitsync.sync.drain import drain
from gitsync.sync.schedule import request_fetch, work_off
from pastes.access import secret_keys
from pastes.lifecycle import erasing, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, State, blob_oid
from tests import many, repository
from tests.gitsync.manual_commits import commit
from tests.gitsync.purge.test_purge import SECRET, assert_consistent, assert_purged, publish_secret_paste, purge

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def publish_from_root_file(remote: Path, name: str = "notes.py", text: str = SECRET) -> Paste:
    """Push a file at the root, which becomes a paste, and return the paste."""
    many.publish(1)
    drain()
    commit(remote, {name: text.encode()}, author="Ada Lovelace", message="Adas title")
    drain()
    return Paste.objects.get(author="Ada Lovelace", state=State.PUBLISHED)


@pytest.mark.parametrize("name", ["notes.py", "notes [é] *.py"])
def test_nothing_is_left_of_a_paste_from_a_root_file(remote: Path, name: str) -> None:
    paste = publish_from_root_file(remote, name)
    many.publish(2)
    drain()

    purge(paste.key)

    assert_purged(remote, paste)
    assert len(repository.changes(remote)) == 3
    assert_consistent(remote)


def test_earlier_contents_of_a_root_file_are_purged(remote: Path) -> None:
    many.publish(1)
    drain()
    commit(remote, {"notes.py": SECRET.encode()}, message="Adas title")
    commit(remote, {"notes.py": b"harmless\n"}, author="Eve")
    drain()
    paste = Paste.objects.get(author="Eve")

    purge(paste.key)

    assert_purged(remote, paste)
    assert_consistent(remote)


def test_the_root_file_is_found_without_the_rows_of_its_changes(remote: Path) -> None:
    many.publish(1)
    drain()
    commit(remote, {"notes.py": SECRET.encode()}, message="Adas title")
    commit(remote, {"notes.py": b"harmless\n"}, author="Eve")
    drain()
    paste = Paste.objects.get(author="Eve")
    Change.objects.update(moved_from="")

    purge(paste.key)

    assert_purged(remote, paste)
    assert_consistent(remote)


@pytest.mark.parametrize("path", ["docs/x.py", "old.bin", 'docs/é ".txt', "k/3/x/mine/x.py"])
def test_copies_of_the_content_at_other_paths_are_purged(remote: Path, path: str) -> None:
    name = path if path.isascii() and '"' not in path else '"docs/é \\".txt"'
    many.publish(1)
    drain()
    commit(remote, {name: SECRET.encode()}, message="Before")
    paste = publish_secret_paste()
    commit(remote, {name: None}, message="Gone")
    commit(remote, {name: (SECRET * 2).encode(), "mine": b"mine"}, message="After")

    purge(paste.key)

    assert repository.files(remote)["mine"] == b"mine"
    assert path not in repository.files(remote)
    assert_purged(remote, paste)
    assert_consistent(remote)


def test_content_moved_out_of_the_folder_is_purged(remote: Path) -> None:
    paste = publish_secret_paste()
    many.publish(2)
    commit(remote, {f"{folder(paste.key)}": None, "docs/x.py": SECRET.encode()}, message="Moved")
    drain()

    purge(paste.key)

    assert_purged(remote, paste)
    assert_consistent(remote)


def test_other_files_deleted_in_the_same_commit_remain_in_the_history(remote: Path) -> None:
    paste = publish_secret_paste()
    commit(remote, {"notes": b"mine\n", "docs/x": b"mine\n"}, message="Mine")
    commit(remote, {"notes": None, "docs": None, f"{folder(paste.key)}/b.txt": b"more"}, message="Away")

    purge(paste.key)

    assert repository.subjects(remote)[:2] == ["Mine", "Away"]
    assert repository.git(remote, "log", "--format=%s", "main", "--", "notes").split() == [b"Away", b"Mine"]
    assert_purged(remote, paste)


def test_empty_files_at_other_paths_remain(remote: Path) -> None:
    paste = publish_secret_paste()
    commit(remote, {f"{folder(paste.key)}/__init__.py": b"", "docs/empty": b""})

    purge(paste.key)

    assert repository.files(remote) == {"docs/empty": b""}
    assert_purged(remote, paste)


def test_another_paste_from_a_root_file_with_the_same_name_keeps_its_copies(remote: Path) -> None:
    paste = publish_from_root_file(remote)
    commit(remote, {"notes.py": b"another day\n"}, author="Eve")
    drain()
    other = Paste.objects.get(author="Eve")
    commit(remote, {"docs/notes.py": b"another day\n"}, author="Eve")

    purge(paste.key)

    assert repository.files(remote)["docs/notes.py"] == b"another day\n"
    assert repository.text(remote, other, "notes.py") == b"another day\n"
    assert_purged(remote, paste)
    assert_consistent(remote)


@pytest.mark.parametrize("name", ["notes.py", "other.txt"])
def test_a_root_file_that_returns_is_purged_again(remote: Path, name: str) -> None:
    paste = publish_from_root_file(remote)
    purge(paste.key)
    commit(remote, {name: SECRET.encode(), "mine": b"mine"}, message="Restored")

    work_off()
    request_fetch()
    work_off()

    assert Paste.objects.filter(state=State.PUBLISHED).count() == 1
    assert not File.objects.filter(content=SECRET).exists()
    assert repository.files(remote)["mine"] == b"mine"
    assert_purged(remote, paste)
    assert_consistent(remote)


@pytest.mark.parametrize("is_read_in", [True, False])
@pytest.mark.parametrize("path", ["docs/x.py", "README.md"])
def test_content_that_returns_in_any_file_is_purged_again_and_other_content_remains(
    remote: Path, settings: Settings, path: str, is_read_in: bool
) -> None:
    settings.GITSYNC_READ_BACK = is_read_in
    paste = publish_secret_paste()
    commit(remote, {path: b"before\n"})
    purge(paste.key)
    commit(remote, {path: SECRET.encode()}, message="Restored")
    commit(remote, {path: b"after\n", "mine": SECRET.encode()}, message="Mended")

    drain()

    assert repository.files(remote) == {path: b"after\n"}
    assert repository.subjects(remote).count("Restored") == 0
    assert_purged(remote, paste)
    assert_consistent(remote)


def test_content_that_returns_is_removed_from_the_tip_while_the_remote_refuses_rewrites(remote: Path) -> None:
    paste = publish_from_root_file(remote)
    purge(paste.key)
    repository.git(remote, "config", "receive.denyNonFastForwards", "true")
    commit(remote, {"notes.py": SECRET.encode(), "docs/x.py": SECRET.encode()}, message="Restored")
    request_fetch()

    work_off()

    assert SECRET.encode() not in repository.files(remote).values()
    repository.git(remote, "config", "receive.denyNonFastForwards", "false")
    Purge.objects.update(retry_at=None)
    work_off()
    assert_purged(remote, paste)
    assert_consistent(remote)


def test_a_file_that_returns_before_the_rewrite_is_purged_with_it(remote: Path) -> None:
    paste = publish_from_root_file(remote)
    erasing.purge(paste.key, reason="x")
    commit(remote, {"other.py": SECRET.encode()}, message="Restored")

    work_off()

    assert not File.objects.filter(content=SECRET).exists()
    assert_purged(remote, paste)
    assert_consistent(remote)


def test_purged_content_that_was_only_in_git_is_not_imported(remote: Path) -> None:
    paste = publish_secret_paste()
    commit(remote, {f"{folder(paste.key)}/c.bin": b"\xff", f"{folder(paste.key)}/d.txt": b"only in Git\n"})
    purge(paste.key)
    commit(remote, {"notes.py": b"only in Git\n"})

    drain()

    assert not Paste.objects.filter(state=State.PUBLISHED).exists()


def test_purged_content_is_not_imported_under_another_key(remote: Path) -> None:
    paste = publish_secret_paste()
    (other,) = many.publish(1)
    purge(paste.key)
    commit(remote, {f"{folder('handmade00')}/a.txt": SECRET.encode()})
    commit(remote, {f"{folder('handmade01')}/a.txt": SECRET.encode()})
    commit(remote, {f"{folder('handmade01')}/a.txt": b"harmless"})
    commit(remote, {f"{folder(other)}/a.txt": SECRET.encode()})

    drain()

    assert list(Paste.objects.filter(state=State.PUBLISHED).values_list("key", "head")) == [(other, 1)]
    assert not File.objects.filter(content=SECRET).exists()


def test_another_paste_with_the_same_content_can_be_edited_in_git(remote: Path) -> None:
    paste = publish_secret_paste()
    twin = writing.publish(Draft([NewFile(SECRET, "a.txt")]))
    drain()
    purge(paste.key)
    commit(remote, {f"{folder(twin.key)}/b.txt": b"more"})

    drain()

    assert Paste.objects.get(key=twin.key).head == 2
    assert_consistent(remote)


def test_a_history_that_still_contains_the_content_is_not_pushed(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paste = publish_secret_paste()
    commit(remote, {"docs/x.py": SECRET.encode(), "mine": b"mine"})
    monkeypatch.setattr(rewrite, "StreamFilter", lambda keys, _content: StreamFilter(keys))  # Only the folders.

    with pytest.raises(CommandError, match=r"still has docs/x\.py"):
        purge(paste.key)

    assert Purge.objects.pending().get().error_code == "purge"
    assert repository.git(remote, "log", "--format=%s", f"-S{SECRET}", "main", "--", "docs/x.py")
    assert SECRET.encode() not in repository.files(remote).values()


def test_the_database_does_not_reveal_purged_content(remote: Path, settings: Settings) -> None:
    paste = publish_secret_paste()

    purge(paste.key)

    digests = set(PurgedText.objects.values_list("digest", flat=True))
    assert len(digests) > 1
    assert requests.purged_key_of(SECRET.encode()) == paste.key
    assert not digests & {hashlib.sha256(SECRET.encode()).hexdigest(), blob_oid(SECRET.encode())}
    settings.SECRET_KEY = "another secret key of this site, long enough"
    with pytest.raises(MisconfiguredError, match="SECRET_KEY"):
        requests.purged_key_of(SECRET.encode())


def test_purged_content_is_recognized_after_a_rotation_of_the_secret_key(remote: Path, settings: Settings) -> None:
    paste = publish_secret_paste()
    purge(paste.key)

    secret_keys.add("another secret key of this site, long enough")
    settings.SECRET_KEY = "another secret key of this site, long enough"
    secret_keys.forget_others()

    assert requests.purged_key_of(SECRET.encode()) == paste.key
