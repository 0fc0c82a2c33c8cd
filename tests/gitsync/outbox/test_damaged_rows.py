"""A damaged value in any column of a paste's rows keeps no other paste from the mirror. SQLite stores any value."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from gitsync.models import Change, Mirror
from gitsync.sync.resync import look
from gitsync.sync.schedule import work_off
from tests import many, repository

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL stores no such values"),
]

NO_UTF8 = "CAST(X'FF41' AS TEXT)"
VALUES = [NO_UTF8, "X'00FF'", "'no date'", "''", "-1", "9223372036854775807", "'a' || CHAR(0) || CHAR(10) || 'b'"]
COLUMNS = {
    "gitsync_change": ["key", "number", "kind", "revision", "created_at", "embargoed_until", "moved_from"],
    "pastes_paste": ["title", "author", "comment", "visibility", "state", "head", "created_at", "expires_at"],
    "pastes_revision": ["number", "created_at", "author"],
    "pastes_file": ["position", "name", "language", "content", "size_bytes", "oid"],
}


def damage(table: str, column: str) -> None:
    """Set a column of the first rows of a table, each to another SQL expression."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"SELECT id FROM {table} ORDER BY id")
        for (pk,), value in zip(cursor.fetchall(), VALUES, strict=True):
            try:
                cursor.execute(f"UPDATE {table} SET {column} = {value} WHERE id = {pk}")
            except IntegrityError:
                pass  # The column is an integer, or unique: SQLite does not store this one.
        cursor.execute("PRAGMA ignore_check_constraints = OFF")


def let_retries_pass() -> None:
    """Drain until a change that makes no commit is set aside, and tried again."""
    for _ in range(5):
        work_off()
        Mirror.objects.update(retry_at=None)
        Change.objects.rejected().update(retry_at=timezone.now() - timedelta(days=1))


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in COLUMNS for column in COLUMNS[table]])
def test_damaged_rows_keep_no_other_paste_from_the_mirror(remote: Path, table: str, column: str) -> None:
    for _ in VALUES:
        many.publish(1)
    damage(table, column)
    others = many.publish(3)

    let_retries_pass()

    at_tip = {path.split("/")[3] for path in repository.files(remote)}
    assert set(others) <= at_tip
    repository.assert_sound(remote)
    assert not Change.objects.pending().exists()
    assert not set(others) & {key for keys in look().by_kind().values() for key in keys}
