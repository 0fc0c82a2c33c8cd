"""Commits by others with malformed author and committer lines, which Git accepts, do not stop anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gitsync.models import Purge
from gitsync.purge.malformed_commits import repaired
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from gitsync.sync.schedule import work_off
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import repository
from tests.gitsync.purge.test_purge import assert_purged, publish_secret_paste, purge
from tests.gitsync.recovery.test_restore import clear_database, restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

LINES = (
    "Eve 1 +0000",
    "Eve <e@x>",
    "Eve <e@x> abc +0000",
    "Ev<e <e@x> 1 +0000",
    "Eve <e<b@x> 1 +0000",
    "Eve <e>b@x> 1 +0000",
    " <> 1 +0000",
    "Eve <e@x> 99999999999999999999999 +0000",
    "Eve <e@x> -5 +0000",
    "Eve <e@x> 1",
    "Eve <e@x> 1 UTC",
    "Eve<e@x> 1 +0000",
    "Eve <e@x>1 +0000",
    "",
    "Eve <e@x 1 +0000",
    "Eve e@x> 1 +0000",
    "Eve <e@x> 1 +0000 extra",
    "Eve \xff <e@x> 1 +0000",
)


def push_malformed(remote: Path) -> None:
    """Commit the tree of the tip again, once with each malformed line."""
    for line in LINES:
        tip = repository.tip(remote)
        tree = repository.git(remote, "rev-parse", f"{tip}^{{tree}}").decode().strip()
        text = f"tree {tree}\nparent {tip}\nauthor {line}\ncommitter {line}\n\nBy hand\n".encode("latin-1")
        oid = repository.git(remote, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=text)
        repository.git(remote, "update-ref", "refs/heads/main", oid.decode().strip())


def test_malformed_commits_in_history_and_at_the_tip_do_not_stop_any_operation(remote: Path) -> None:
    secret = publish_secret_paste()
    push_malformed(remote)
    other = writing.publish(Draft([NewFile("other", "b.txt")]))

    drain()

    assert look().is_clean
    push_malformed(remote)
    clear_database()
    assert restore()["skipped"] == {}
    assert Paste.objects.filter(key__in=[secret.key, other.key]).count() == 2
    work_off()
    assert look().is_clean
    purge(secret.key)
    work_off()
    assert not Purge.objects.pending().exists()
    assert_purged(remote, secret)
    assert look().is_clean
    assert b"Eve" in repository.git(remote, "log", "--format=%an", "main")


_ID = b"Eve <e@x> 1700000000 +0000"
_HEADERS = {
    "no author": b"committer " + _ID,
    "no committer": b"author " + _ID,
    "neither": b"",
    "committer first": b"committer " + _ID + b"\nauthor " + _ID,
    "two authors": b"author " + _ID + b"\nauthor " + _ID + b"\ncommitter " + _ID,
    "a NUL in the name": b"author E\0ve <e@x> 1 +0000\ncommitter " + _ID,
    "a NUL in the address": b"author " + _ID + b"\ncommitter Eve <e\0@x> 1 +0000",
    "a signature": b"author " + _ID + b"\ncommitter " + _ID + b"\ngpgsig junk\n more",
    "an unknown encoding": b"author " + _ID + b"\ncommitter " + _ID + b"\nencoding bogus-8",
    "an unknown field": b"author " + _ID + b"\ncommitter " + _ID + b"\nfoo bar",
    "a message with a NUL": b"author " + _ID + b"\ncommitter " + _ID + b"\n\nm\0essage",
}
_ROWS = {
    "unsorted": [(b"100644", b"z.bin"), (b"100644", b"b.bin")],
    "a name twice": [(b"100644", b"b.bin"), (b"100644", b"b.bin")],
    "a .git": [(b"100644", b".git")],
    "a slash in a name": [(b"100644", b"b/c.bin")],
    "a slash at the start": [(b"100644", b"/c.bin")],
    "a slash at the end": [(b"100644", b"c/")],
    "the parent folder": [(b"100644", b"..")],
    "the folder itself": [(b"100644", b".")],
    "a padded mode": [(b"0100644", b"b.bin")],
    "an odd mode": [(b"100600", b"b.bin")],
    "no mode": [(b"100000", b"b.bin")],
    "a line feed": [(b"100644", b"b\nc.bin")],
    "not UTF-8": [(b"100644", b"b\xff.bin")],
    "a quote": [(b"100644", b'b"c/')],
}


def push_tip(remote: Path, header: bytes, rows: list[tuple[bytes, bytes]] = []) -> None:  # noqa: B006  (never changed)
    """Push a commit with this header, whose tree has these rows beside those of the tip."""
    tip = repository.tip(remote)
    blob = repository.git(remote, "hash-object", "-w", "--stdin", stdin=b"by hand\n").decode().strip()
    tree = repository.git(remote, "cat-file", "tree", f"{tip}^{{tree}}")
    tree += b"".join(mode + b" " + name + b"\0" + bytes.fromhex(blob) for mode, name in rows)
    write = ("hash-object", "-w", "--stdin", "--literally", "-t")
    tree_oid = repository.git(remote, *write, "tree", stdin=tree).strip()
    text = b"tree %s\nparent %s\n%s\n\nBy hand\n" % (tree_oid, tip.encode(), header)
    oid = repository.git(remote, *write, "commit", stdin=text).decode().strip()
    repository.git(remote, "update-ref", "refs/heads/main", oid)


def assert_nothing_stops(remote: Path, push: Callable[[], None]) -> None:
    """Run all operations with a commit of others at the tip, and then in the history."""
    secret = publish_secret_paste()
    drain()
    push()
    look()
    other = writing.publish(Draft([NewFile("other", "b.txt")]))
    drain()
    assert look().is_clean
    push()
    work_off()
    clear_database()
    assert not restore()["skipped"]
    assert Paste.objects.filter(key__in=[secret.key, other.key]).count() == 2
    drain()
    purge(secret.key)
    drain()
    assert not Purge.objects.pending().exists()
    assert_purged(remote, secret)
    writing.publish(Draft([NewFile("last", "c.txt")]))
    drain()
    assert look().is_clean


@pytest.mark.parametrize("header", _HEADERS.values(), ids=_HEADERS)
def test_a_malformed_commit_stops_no_operation(remote: Path, header: bytes) -> None:
    assert_nothing_stops(remote, lambda: push_tip(remote, header))


@pytest.mark.parametrize("rows", _ROWS.values(), ids=_ROWS)
def test_a_malformed_tree_stops_no_operation(remote: Path, rows: list[tuple[bytes, bytes]]) -> None:
    assert_nothing_stops(remote, lambda: push_tip(remote, _HEADERS["two authors"], rows))


def test_a_repaired_commit_keeps_what_it_has() -> None:
    assert repaired(b"tree t\nparent p\ncommitter C <c> 1 +0000\n\nm\n\nn") == (
        b"tree t\nparent p\nauthor C <c> 1 +0000\ncommitter C <c> 1 +0000\n\nm\n\nn"
    )
    assert repaired(b"tree t") == b"tree t\nauthor <> 0 +0000\ncommitter <> 0 +0000\n\n"
