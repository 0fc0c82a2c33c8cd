"""Re-queues what was lost in a history reset: the branch was reset to an earlier commit, replaced, or deleted."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Container, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from gitsync.compare import differences
from gitsync.format import tree
from gitsync.models import Change, Kind
from gitsync.outbox import outbox
from gitsync.outbox.eligibility import mirrored
from gitsync.repository.batches import in_batches
from gitsync.repository.repository import Repository
from pastes.models import Paste

logger = logging.getLogger(__name__)

_ROWS_AT_ONCE = 500


def requeue_lost(clone: Repository, tip: str) -> None:
    """Re-queue every change whose commit is no longer on the branch."""
    reachable: Container[str] = clone.history(tip) if tip else ()
    settled = Change.objects.exclude(commit="").values_list("pk", "commit").iterator(chunk_size=5_000)
    lost = array("q", (pk for pk, commit in settled if commit not in reachable))
    for pks in in_batches(lost, _ROWS_AT_ONCE):
        Change.objects.filter(pk__in=pks).update(settled_at=None, commit="")
    if lost:
        logger.warning("the remote's history was reset; %d changes are re-queued", len(lost))


def requeue_missing(clone: Repository, tip: str) -> None:
    """Re-queue settled changes whose effect is missing at the new tip although their commits were not lost.

    The last change of each paste is sufficient, since it commits the paste's current state. A paste that has no change,
    because none were recorded in the history it was imported from, gets one.
    """
    count = _requeue_without_commit(clone, tip) + _requeue_undone(clone, tip) + _add_first_changes(clone, tip)
    if count:
        logger.warning("the remote's history was reset; %d more pastes do not match the database", count)


def _requeue_without_commit(clone: Repository, tip: str) -> int:
    """Re-queue last changes that needed no commit in the old history."""
    count = 0
    for pks in in_batches(_pks(_last_settled().filter(commit="")), _ROWS_AT_ONCE):
        last_changes = dict(Change.objects.filter(pk__in=pks).values_list("key", "pk"))
        # If an earlier change is pending, the last one has to follow it.
        pending = Change.objects.filter(key__in=last_changes, settled_at=None).values_list("key", flat=True)
        keys = _differing(clone, tip, last_changes) | set(pending)
        count += Change.objects.filter(pk__in=[last_changes[key] for key in keys]).update(settled_at=None)
    return count


def _requeue_undone(clone: Repository, tip: str) -> int:
    """Re-queue last changes whose commit is in the new history, but was undone there by another commit."""
    count = 0
    for pks in in_batches(_pks(_last_settled().exclude(commit="")), _ROWS_AT_ONCE):
        last_changes = dict(Change.objects.filter(pk__in=pks).values_list("key", "pk"))
        tree_oids = clone.tree_oids(tip, [tree.folder(key) for key in last_changes])
        missing = [key for key in last_changes if not tree_oids[tree.folder(key)]]
        undone = mirrored().filter(key__in=missing).values_list("key", flat=True) if missing else ()
        changes = Change.objects.filter(pk__in=[last_changes[key] for key in undone])
        count += changes.update(settled_at=None, commit="")
    return count


def _add_first_changes(clone: Repository, tip: str) -> int:
    """Add a change for mirrored pastes that have none; pastes that expire may intentionally have none."""
    count = 0
    has_change = Exists(Change.objects.filter(key=OuterRef("key")))
    for pks in in_batches(_pks(mirrored().filter(~has_change, expires_at=None)), _ROWS_AT_ONCE):
        with transaction.atomic():
            pastes = {paste.key: paste for paste in Paste.objects.select_for_update().filter(pk__in=pks)}
            for key in sorted(_differing(clone, tip, pastes)):
                outbox.add(key, Kind.PUBLISH, pastes[key].head, at=pastes[key].created_at)
                count += 1
    return count


def _last_settled() -> QuerySet[Change]:
    later = Change.objects.filter(key=OuterRef("key"), number__gt=OuterRef("number"))
    return Change.objects.filter(~Exists(later), settled_at__isnull=False)


def _differing(clone: Repository, tip: str, keys: Iterable[str]) -> set[str]:
    """Return the keys whose folder at the tip differs from the paste, or exists although it should not."""
    folders = {key: tree.folder(key) for key in keys}
    expected = dict(differences.folder_oids(mirrored().filter(key__in=folders).order_by("pk")))
    tree_oids = clone.tree_oids(tip, folders.values())
    return {key for key, folder in folders.items() if expected.get(key, "") != tree_oids[folder]}


def _pks(rows: QuerySet[Any]) -> array[int]:
    return array("q", rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5_000))
