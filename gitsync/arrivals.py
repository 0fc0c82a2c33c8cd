"""Settles the changes that the remote has already, a few commits at a time, however long its history is."""

from collections.abc import Container, Iterator
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone

from gitsync import history, reading_in
from gitsync.mirror import Clone
from gitsync.models import Change

_AT_ONCE = 1_000


def settle(clone: Clone, revisions: str, watched: Container[str]) -> tuple[int, set[str]]:
    """Mark every waiting change that a range of history makes; return how many, and the watched keys that it names.

    What is marked is at the remote, whatever happens afterwards, so that each batch is a transaction of its own. Those
    that were set aside, and pushed by hand, are marked too.
    """
    count, told = 0, set()
    tip = revisions.rpartition("..")[2]
    for arrived in _batches(clone, revisions):
        keys = {name.rpartition(".")[0] for name in arrived}
        told |= {key for key in keys if key in watched}
        waiting = Change.objects.filter(settled_at=None, key__in=keys)
        named = [change for change in waiting if change.name in arrived]
        made = [(arrived[change.name], change.pk) for change in reading_in.ours(clone, named, arrived, tip)]
        _mark(made)
        count += len(made)
    return count, told


def _batches(clone: Clone, revisions: str) -> Iterator[dict[str, str]]:
    """Yield the commits of changes by their names, the newest history first; of two for one name, the newer."""
    changes = history.changes(clone, revisions)
    while some := list(islice(changes, _AT_ONCE)):
        yield dict(reversed(some))


@transaction.atomic
def _mark(made: list[tuple[str, int]]) -> None:
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.executemany(
            'UPDATE gitsync_change SET settled_at = %s, "commit" = %s WHERE id = %s',
            [(now, commit, pk) for commit, pk in made],
        )
