"""The write path in one process, on a real repository."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.models import Change
from gitsync.sync.drain import drain
from pastes.lifecycle import mirror_copy, writing
from pastes.lifecycle.draft import Draft, NewFile
from tests import repository

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_paste_becomes_one_commit_with_its_bytes(remote: Path) -> None:
    paste = writing.publish(Draft([NewFile("print('é')\r\n", "hello.py")], title="Hi", author="Ada"))

    drained = drain()

    assert (drained.settled, drained.commits) == (1, 1)
    assert repository.subjects(remote) == ["Publish Hi"]
    assert repository.text(remote, paste, "hello.py") == "print('é')\r\n".encode()
    assert mirror_copy.of(paste) == mirror_copy.Copy("mirrored", repository.tip(remote))
    repository.assert_sound(remote)


def test_metadata_suffices_to_restore_the_row(remote: Path) -> None:
    draft = Draft(
        [NewFile("00ff", ".gitmodules")], title="T", author="A", comment="C", encrypted=True, forked_from="0123456789"
    )
    paste = writing.publish(draft)

    drain()

    assert json.loads(repository.text(remote, paste, ".pasteur.json")) == {
        "format": 1,
        "key": paste.key,
        "title": "T",
        "author": "A",
        "comment": "C",
        "visibility": "unlisted",
        "encrypted": True,
        "created_at": paste.created_at.isoformat(timespec="microseconds"),
        "revision": 1,
        "revised_at": paste.revisions.get().created_at.isoformat(timespec="microseconds"),
        "files": [
            {"path": "_.gitmodules", "name": ".gitmodules", "language": "plaintext"},
        ],
        "forked_from": "0123456789",
    }


def test_if_nothing_is_pending_no_commit_is_made(remote: Path) -> None:
    assert drain().commits == 0


def test_publish_edit_hide_and_show_make_one_commit_each(remote: Path) -> None:
    paste = writing.publish(Draft([NewFile("one", "a.txt")]))
    drain()
    writing.revise(paste, [NewFile("two", "b.txt")])
    drain()
    writing.hide(paste)
    drain()
    assert repository.files(remote) == {}
    writing.show(paste)
    drain()

    assert repository.subjects(remote) == [f"{verb} {paste.key}" for verb in ("Publish", "Edit", "Remove", "Restore")]
    assert repository.text(remote, paste, "b.txt") == b"two"
    assert repository.changes(remote) == [f"{paste.key}.{number}" for number in (1, 2, 3, 4)]


def test_a_paste_hidden_before_the_drain_is_never_committed(remote: Path) -> None:
    paste = writing.publish(Draft([NewFile("secret")]))
    writing.hide(paste)

    assert drain().commits == 0

    assert not Change.objects.pending().exists()
    assert repository.git(remote, "for-each-ref") == b""


@pytest.mark.parametrize(
    "draft", [Draft([NewFile("x")], burn=True), Draft([NewFile("x")], lifetime=timedelta(hours=1))]
)
def test_a_paste_that_burns_or_expires_has_no_change(remote: Path, draft: Draft) -> None:
    paste = writing.publish(draft)

    assert not Change.objects.exists()
    assert mirror_copy.of(paste) == mirror_copy.NO_COPY


@pytest.mark.parametrize("is_default", [True, False], ids=["default", "named"])
def test_many_drains_leave_few_packs_in_repositories_that_the_worker_maintains(
    remote: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, is_default: bool
) -> None:
    settings.GITSYNC_IS_DEFAULT_REMOTE = is_default
    monkeypatch.setattr("gitsync.repository.housekeeping.MAX_SMALL_PACKS", 5)

    for number in range(20):
        writing.publish(Draft([NewFile(f"text {number}")]))
        drain()

    kept = remote if is_default else settings.GITSYNC_CLONE_DIR
    assert 1 <= len(list((kept / "objects" / "pack").glob("*.pack"))) <= 6
    repository.assert_sound(kept)
    assert len(repository.subjects(remote)) == 20
