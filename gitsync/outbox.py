"""Writes down, in the transaction of a paste's write, that it must become a commit."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from gitsync import doorbell, forges
from gitsync.models import Change, Kind
from gitsync.selection import belongs, held_until
from pastes.copies import NO_COPY, Copy
from pastes.models import Paste
from pastes.prepared import Prepared
from pastes.storing import store


def _last_of(key: str) -> QuerySet[Change, tuple[object, ...]]:
    columns = ("settled_at", "set_aside_at", "found", "released_at", "commit")
    return Change.objects.filter(key=key).order_by("-number").values_list(*columns)[:1]


_LAST_OF = Prepared(_last_of)


def published(sender: object, paste: Paste, **kwargs: Any) -> list[Change]:
    """A new paste: its first change, unless it is one that Git must never see, to be stored together with it."""
    if not belongs(paste):
        return []
    return [_new(paste.key, 1, Kind.PUBLISH, paste.head, at=paste.created_at, held_until=held_until(paste))]


def revised(sender: object, paste: Paste, **kwargs: Any) -> None:
    """A new revision."""
    if belongs(paste):
        add(paste.key, Kind.EDIT, paste.head)


def withdrawn(sender: object, paste: Paste, **kwargs: Any) -> None:
    """A paste is gone from the site: it goes from the tip too, if it has ever been meant to be there."""
    if Change.objects.filter(key=paste.key).exists():
        add(paste.key, Kind.REMOVE, None)
        Change.objects.withheld().filter(key=paste.key).update(settled_at=timezone.now())  # Nobody has to decide.


def restored(sender: object, paste: Paste, **kwargs: Any) -> None:
    """A hidden paste is back."""
    if belongs(paste):
        add(paste.key, Kind.RESTORE, paste.head)


def add(key: str, kind: Kind, revision: int | None, *, at: datetime | None = None, moved_from: str = "") -> Change:
    """Add the next change of a paste to the outbox; the bell rings once the transaction is on disk.

    `at` is when it happened, unless that is now; `moved_from`, a file at the root that the paste was made of.
    """
    held = Max("held_until", filter=Q(settled_at=None))  # What holds the paste back holds back its edits, too.
    found = Change.objects.filter(key=key).aggregate(last=Max("number"), held=held)
    until = None if kind == Kind.REMOVE else found["held"]
    change = _new(key, (found["last"] or 0) + 1, kind, revision, at=at, held_until=until, moved_from=moved_from)
    store(change)
    return change


def copy_of(paste: Paste) -> Copy:
    """Return where the copy of a paste in Git stands: what its last change says."""
    if not belongs(paste):
        return NO_COPY
    rows = _LAST_OF.rows(paste.key)
    settled_at, set_aside_at, found, released_at, commit = rows[0] if rows else (None, None, "", None, "")
    if settled_at is not None:
        return Copy("mirrored", commit, forges.commit_url(commit), forges.clone_url())
    if set_aside_at is None:
        return Copy("waiting")
    return Copy("held" if found and released_at is None else "refused")


def _new(
    key: str,
    number: int,
    kind: Kind,
    revision: int | None,
    *,
    at: datetime | None = None,
    held_until: datetime | None = None,
    moved_from: str = "",
) -> Change:
    """Return a change that is still to be stored; once that is on disk, the bell rings."""
    transaction.on_commit(doorbell.ring)
    return Change(
        key=key,
        number=number,
        kind=kind,
        revision=revision,
        created_at=at or timezone.now(),
        held_until=held_until,
        moved_from=moved_from,
    )
