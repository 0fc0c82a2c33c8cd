"""Marks changes as settled in bulk."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from gitsync import watchdog
from pastes.storage.write_lock import write_lock

_ROWS_AT_ONCE = 5_000


@write_lock()
@transaction.atomic
def mark_settled(commits: Sequence[tuple[str, int]]) -> None:
    """Settle changes, given as (commit, primary key); the commit is empty if none was needed."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:  # bulk_update() would generate a CASE with a branch per row.
        for start in range(0, len(commits), _ROWS_AT_ONCE):
            cursor.executemany(
                'UPDATE gitsync_change SET settled_at = %s, "commit" = %s WHERE id = %s',
                [(now, commit, pk) for commit, pk in commits[start : start + _ROWS_AT_ONCE]],
            )
            watchdog.beat()
