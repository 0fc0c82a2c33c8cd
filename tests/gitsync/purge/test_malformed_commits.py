"""Commits with malformed author and committer lines, which Git accepts from others, stop nothing."""

from pathlib import Path

import pytest

from gitsync.models import Purge
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


def test_malformed_commits_in_history_and_at_the_tip_stop_no_operation(remote: Path) -> None:
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
    assert not Purge.objects.waiting().exists()
    assert_purged(remote, secret)
    assert look().is_clean
    assert b"Eve" in repository.git(remote, "log", "--format=%an", "main")
