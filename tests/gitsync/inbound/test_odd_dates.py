"""Extreme dates and revision numbers in Git do not break pages, later commits or restores."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from gitsync.format.tree import folder
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Paste
from tests import repository
from tests.gitsync.contributor import Contributor
from tests.gitsync.inbound.test_read_in import publish_and_drain, revision_texts
from tests.gitsync.manual_commits import commit
from tests.gitsync.recovery.test_restore import clear_database, restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

KEY = "handmade00"


def push_paste(remote: Path, **fields: Any) -> None:
    """Push a paste with these fields in its metadata."""
    paste = publish_and_drain(visibility="public")
    row = json.loads(repository.text(remote, paste, ".pasteur.json")) | {"key": KEY} | fields
    commit(remote, {f"{folder(KEY)}/.pasteur.json": json.dumps(row).encode(), f"{folder(KEY)}/a.txt": b"x"})


@pytest.mark.parametrize(
    ("moment", "in_zip"),
    [
        ("0001-01-01T00:00:00+00:00", (1980, 1, 1, 0, 0, 0)),
        ("1970-01-01T00:00:00+00:00", (1980, 1, 1, 0, 0, 0)),
        ("2026-01-02T03:04:06+00:00", (2026, 1, 2, 3, 4, 6)),
        ("2200-01-01T00:00:00+00:00", (2107, 12, 31, 23, 59, 58)),
        ("9999-12-31T23:59:59.999999+00:00", (2107, 12, 31, 23, 59, 58)),
    ],
)
def test_pages_and_archives_show_pastes_with_any_date(
    remote: Path, client: Client, moment: str, in_zip: tuple[int, ...]
) -> None:
    push_paste(remote, created_at=moment, revised_at=moment)

    drain()

    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/{KEY}/zip").content))
    assert [entry.date_time for entry in archive.infolist()] == [in_zip]
    for path in ("", "/raw", "/revisions", "/embed", "/download/a.txt", "/edit"):
        assert client.get(f"/{KEY}{path}").status_code == 200, path
    for path in ("/recent", "/recent.atom", "/search?q=x", f"/api/v1/pastes/{KEY}", f"/api/v1/pastes/{KEY}/revisions"):
        assert client.get(path).status_code == 200, path
    assert look().is_clean


@pytest.mark.parametrize("number", [1_000_000, 999_999, 2**31 - 1, 10_000])
def test_revisions_after_a_large_number_can_be_restored(remote: Path, number: int) -> None:
    push_paste(remote, revision=number)
    drain()
    writing.revise(Paste.objects.get(key=KEY), [NewFile("two", "a.txt")])
    drain()
    before = revision_texts(KEY)
    clear_database()

    report = restore()

    assert report["skipped"] == {}
    assert revision_texts(KEY) == before == [{"a.txt": "x"}, {"a.txt": "two"}]
    drain()
    assert look().is_clean


def test_a_revision_number_out_of_order_is_restored_as_the_next_number(remote: Path) -> None:
    push_paste(remote, revision=2**31 - 1)
    clear_database()

    restore()

    assert Paste.objects.get(key=KEY).head == 1
    drain()
    assert look().is_clean


def test_an_author_date_in_the_future_does_not_shift_later_commits(remote: Path) -> None:
    publish_and_drain()
    eve = Contributor(remote)
    eve.write({"notes.py": "x = 1\n"})
    eve.git("commit", "--quiet", "--message=Far", "--date=@253402300799 +0000")
    eve.push()

    drain()

    assert Paste.objects.filter(author="Eve").exists()
    committed = repository.git(remote, "log", "-1", "--format=%ct", "main")
    assert abs(int(committed) - time.time()) < 3600
    assert look().is_clean


def test_a_committer_date_in_the_future_does_not_shift_later_commits(remote: Path) -> None:
    commit(remote, {"NOTES": b"x"}, at=253402300799)
    publish_and_drain()

    drain()

    committed = repository.git(remote, "log", "-1", "--format=%ct", "main")
    assert abs(int(committed) - time.time()) < 3600
    assert look().is_clean
