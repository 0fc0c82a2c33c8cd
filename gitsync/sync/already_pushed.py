"""Settles the changes that the remote has already, a few commits at a time, however long its history is."""

import logging
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone

from gitsync.format import tree
from gitsync.inbound.paste_folder import text_oids_in_tree, text_oids_of_revision
from gitsync.models import Change
from gitsync.outbox.eligibility import belongs
from gitsync.repository import history
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository
from pastes.models import Paste

logger = logging.getLogger(__name__)

_AT_ONCE = 1_000


def settle(clone: Repository, revisions: str, watched: Container[str]) -> tuple[int, set[str]]:
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
        made = [(arrived[change.name], change.pk) for change in _ours(clone, named, arrived, tip)]
        _mark(made)
        count += len(made)
    return count, told


def _ours(clone: Repository, named: Iterable[Change], arrived: Mapping[str, str], tip: str) -> Iterator[Change]:
    """Yield those of the changes that a commit names which it really makes, in what `tip` has too.

    Anybody can write a trailer, and two sites may give the same name to changes of the same paste.
    """
    changes = list(named)
    if not changes:
        return
    at_tip = clone.tree_oids(tip, {tree.folder(change.key) for change in changes})
    with history.objects(clone) as objects:
        for change in changes:
            folder = tree.folder(change.key)
            if _is_made(change, objects, f"{arrived[change.name]}:{folder}", is_at_tip=bool(at_tip[folder])):
                yield change
            else:
                logger.warning("a commit that names the change %s does not make it", change.name)


def _is_made(change: Change, objects: Objects, place: str, *, is_at_tip: bool) -> bool:
    """Whether a commit makes a change, in which the folder of the paste is at `place`.

    What has arrived and is undone at the tip is made again: there is no other change that would see to it.
    """
    paste = Paste.objects.filter(key=change.key).first()
    is_wanted = paste is not None and belongs(paste)
    if change.revision is None:
        return objects.tree(place) is None and (is_wanted or not is_at_tip)
    if paste is None or not is_wanted:
        return True  # The change that takes it away comes after this one.
    return is_at_tip and text_oids_of_revision(paste, change.revision) == text_oids_in_tree(objects, place)


def _batches(clone: Repository, revisions: str) -> Iterator[dict[str, str]]:
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
