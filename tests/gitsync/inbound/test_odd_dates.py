"""Dates and numbers that somebody has written into Git by hand break no page, and are no trap for later."""

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
from tests.gitsync.foreign import commit
from tests.gitsync.inbound.test_read_in import published, texts
from tests.gitsync.person import Person
from tests.gitsync.recovery.test_restore import forget_everything, restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

KEY = "handmade00"


def push(remote: Path, **facts: Any) -> None:
    """Have somebody push a paste with metadata of their own."""
    paste = published(visibility="public")
    said = json.loads(repository.text(remote, paste, ".pasteur.json")) | {"key": KEY} | facts
    commit(remote, {f"{folder(KEY)}/.pasteur.json": json.dumps(said).encode(), f"{folder(KEY)}/a.txt": b"x"})


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
def test_a_paste_of_any_date_can_be_read_everywhere(
    remote: Path, client: Client, moment: str, in_zip: tuple[int, ...]
) -> None:
    push(remote, created_at=moment, revised_at=moment)

    drain()

    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/{KEY}/zip").content))
    assert [entry.date_time for entry in archive.infolist()] == [in_zip]
    for path in ("", "/raw", "/revisions", "/embed", "/download/a.txt", "/edit"):
        assert client.get(f"/{KEY}{path}").status_code == 200, path
    for path in ("/recent", "/recent.atom", "/search?q=x", f"/api/v1/pastes/{KEY}", f"/api/v1/pastes/{KEY}/revisions"):
        assert client.get(path).status_code == 200, path
    assert look().is_clean


@pytest.mark.parametrize("number", [1_000_000, 999_999, 2**31 - 1, 10_000])
def test_what_is_written_after_an_odd_number_can_be_restored(remote: Path, number: int) -> None:
    push(remote, revision=number)
    drain()
    writing.revise(Paste.objects.get(key=KEY), [NewFile("two", "a.txt")])
    drain()
    before = texts(KEY)
    forget_everything()

    report = restore()

    assert report["skipped"] == {}
    assert texts(KEY) == before == [{"a.txt": "x"}, {"a.txt": "two"}]
    drain()
    assert look().is_clean


def test_an_odd_number_is_restored_as_the_next_one(remote: Path) -> None:
    push(remote, revision=2**31 - 1)
    forget_everything()

    restore()

    assert Paste.objects.get(key=KEY).head == 1
    drain()
    assert look().is_clean


def test_a_commit_of_the_far_future_takes_no_later_one_along(remote: Path) -> None:
    published()
    eve = Person(remote)
    eve.write({"notes.py": "x = 1\n"})
    eve.git("commit", "--quiet", "--message=Far", "--date=@253402300799 +0000")
    eve.push()

    drain()

    assert Paste.objects.filter(author="Eve").exists()
    committed = repository.git(remote, "log", "-1", "--format=%ct", "main")
    assert abs(int(committed) - time.time()) < 3600
    assert look().is_clean


def test_a_committer_of_the_far_future_takes_no_later_commit_along(remote: Path) -> None:
    commit(remote, {"NOTES": b"x"}, at=253402300799)
    published()

    drain()

    committed = repository.git(remote, "log", "-1", "--format=%ct", "main")
    assert abs(int(committed) - time.time()) < 3600
    assert look().is_clean
