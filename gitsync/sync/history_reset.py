"""What a branch has lost, when its history is not the one that we have pushed: set back, replaced, or deleted."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Container, Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from gitsync import watchdog
from gitsync.compare import differences
from gitsync.format import tree
from gitsync.models import Change, Kind
from gitsync.outbox import outbox
from gitsync.outbox.eligibility import mirrored
from gitsync.repository.repository import Repository
from pastes.models import Paste

logger = logging.getLogger(__name__)

_AT_ONCE = 500


def reopen(clone: Repository, tip: str) -> None:
    """Make every change pending again whose commit the branch does not have any more."""
    reachable: Container[str] = clone.history(tip) if tip else ()
    settled = Change.objects.exclude(commit="").values_list("pk", "commit").iterator(chunk_size=5_000)
    lost = array("q", (pk for pk, commit in settled if commit not in reachable))
    for some in _slices(lost):
        Change.objects.filter(pk__in=some).update(settled_at=None, commit="")
    if lost:
        logger.warning("the remote's history is another one; %d changes are looked for again", len(lost))


def reopen_unseen(clone: Repository, tip: str) -> None:
    """Make what the tip does not show pending again, of changes that had no need of a commit in the old history.

    The last change of each paste will do: it makes the folder what the paste is. A paste that has none, because the
    history that it was read from names none, gets one.
    """
    count = 0
    for some in _slices(_pks(_last_without_commit())):
        last = dict(Change.objects.filter(pk__in=some).values_list("key", "pk"))
        # Where an earlier change is pending, the last one goes as well, so that it has the last word.
        waiting = Change.objects.filter(key__in=last, settled_at=None).values_list("key", flat=True)
        keys = _unseen(clone, tip, last) | set(waiting)
        count += Change.objects.filter(pk__in=[last[key] for key in keys]).update(settled_at=None)
    for some in _slices(_pks(_last_with_commit())):  # The commit is in the new history, and what undid it may be, too.
        last = dict(Change.objects.filter(pk__in=some).values_list("key", "pk"))
        there = clone.tree_oids(tip, [tree.folder(key) for key in last])
        missing = [key for key in last if not there[tree.folder(key)]]
        wanted = mirrored().filter(key__in=missing).values_list("key", flat=True) if missing else ()
        count += Change.objects.filter(pk__in=[last[key] for key in wanted]).update(settled_at=None, commit="")
    for some in _slices(_pks(_without_change())):
        with transaction.atomic():
            pastes = {paste.key: paste for paste in Paste.objects.select_for_update().filter(pk__in=some)}
            for key in sorted(_unseen(clone, tip, pastes)):
                outbox.add(key, Kind.PUBLISH, pastes[key].head, at=pastes[key].created_at)
                count += 1
    if count:
        logger.warning("the remote's history is another one; %d more pastes are not there as they should be", count)


def _last_settled() -> QuerySet[Change]:
    later = Change.objects.filter(key=OuterRef("key"), number__gt=OuterRef("number"))
    return Change.objects.filter(~Exists(later), settled_at__isnull=False)


def _last_without_commit() -> QuerySet[Change]:
    return _last_settled().filter(commit="")


def _last_with_commit() -> QuerySet[Change]:
    return _last_settled().exclude(commit="")


def _without_change() -> QuerySet[Paste]:
    """Return the mirrored pastes that have never had a change; those that expire may have none on purpose."""
    return mirrored().filter(~Exists(Change.objects.filter(key=OuterRef("key"))), expires_at=None)


def _unseen(clone: Repository, tip: str, keys: Iterable[str]) -> set[str]:
    """Return those of the keys whose folder at the tip is not what it should be: the paste's, or none."""
    folders = {key: tree.folder(key) for key in keys}
    wanted = dict(differences.told(mirrored().filter(key__in=folders).order_by("pk")))
    shown = clone.tree_oids(tip, folders.values())
    return {key for key, folder in folders.items() if wanted.get(key, "") != shown[folder]}


def _pks(rows: QuerySet[Any]) -> array[int]:
    return array("q", rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5_000))


def _slices(pks: array[int]) -> Iterator[array[int]]:
    for start in range(0, len(pks), _AT_ONCE):
        watchdog.beat()
        yield pks[start : start + _AT_ONCE]
