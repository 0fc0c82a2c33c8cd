"""Adds changes to the outbox, in the transaction that writes the paste."""

from datetime import datetime
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Case, Max, OuterRef, Q, Subquery, TextField, Value, When
from django.db.models.functions import Concat
from django.utils import timezone

from gitsync.models import Change, Kind
from gitsync.outbox import wakeup
from gitsync.outbox.eligibility import belongs, embargoed_until, is_for_git
from gitsync.remote import forge_links
from pastes.lifecycle.mirror_copy import NO_COPY, Copy, State
from pastes.models import Paste
from pastes.storage.insert import store
from pastes.storage.write_lock import write_lock


def published(sender: object, paste: Paste, **kwargs: Any) -> list[Change]:
    """Return the first change of a new paste, to be stored along with it, if the paste is mirrored."""
    if not belongs(paste):
        return []
    change = Change(key=paste.key, number=1, kind=Kind.PUBLISH, revision=paste.head)
    change.created_at, change.embargoed_until = paste.created_at, embargoed_until(paste)
    return [change]


def stored(sender: object, paste: Paste, **kwargs: Any) -> None:
    """Wake the worker after a new paste and its change have been stored."""
    if belongs(paste):
        wakeup.drain.request()


def revised(sender: object, paste: Paste, **kwargs: Any) -> None:
    """Add a change for a new revision."""
    if belongs(paste):
        add(paste.key, Kind.EDIT, paste.head)


def withdrawn(sender: object, paste: Paste, **kwargs: Any) -> None:
    """Add a change that removes a withdrawn paste from the tip, if it may be there."""
    if is_for_git(paste) or Change.objects.filter(key=paste.key).exists():
        add(paste.key, Kind.REMOVE, None)
        Change.objects.on_secret_hold().filter(key=paste.key).update(
            settled_at=timezone.now()
        )  # No decision is needed anymore.


def restored(sender: object, paste: Paste, **kwargs: Any) -> None:
    """Add a change for a hidden paste that is shown again."""
    if belongs(paste):
        add(paste.key, Kind.RESTORE, paste.head)


@write_lock()
@transaction.atomic(savepoint=False)  # The caller usually has a transaction.
def add(key: str, kind: Kind, revision: int | None, *, at: datetime | None = None, moved_from: str = "") -> Change:
    """Add the next change of a paste to the outbox, and wake the worker after the transaction is committed.

    `at` is the time of the event, which defaults to now. A time in the future is replaced by now, because the dates of
    all later commits would have to follow it. `moved_from` is the root file that the paste was imported from.
    """
    _lock_numbers(key)
    embargo = Max("embargoed_until", filter=Q(settled_at=None))  # The embargo of a paste covers its edits.
    previous = Change.objects.filter(key=key).aggregate(number=Max("number"), embargo=embargo)
    number = (previous["number"] or 0) + 1
    change = Change(key=key, number=number, kind=kind, revision=revision, moved_from=moved_from)
    current_time = timezone.now()
    change.created_at = min(at or current_time, current_time)
    change.embargoed_until = None if kind == Kind.REMOVE else previous["embargo"]
    store(change)
    transaction.on_commit(wakeup.drain.request)
    return change


def _lock_numbers(key: str) -> None:
    """Let no other transaction number a change of this paste until this one ends; SQLite has one writer at a time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"gitsync.outbox {key}"])


def standing(key: str) -> Subquery:
    """Return a subquery for "state commit" of a paste's last change; the expression `key` is the paste's key."""
    state = Case(
        When(settled_at__isnull=False, then=Value("mirrored")),
        When(rejected_at__isnull=False, then=Value("refused")),
        When(secret_hold_at__isnull=False, then=Value("held")),
        default=Value("waiting"),
    )
    changes = Change.objects.filter(key=OuterRef(key)).order_by("-number")
    return Subquery(changes.values_list(Concat(state, Value(" "), "commit", output_field=TextField()))[:1])


def copy_of(paste: Paste, standing: str) -> Copy:
    """Return the state of a paste's copy in Git, given the result of `standing`, which is empty if it has no change."""
    if not belongs(paste):
        return NO_COPY
    name, _, commit = standing.partition(" ")
    state = cast("State", name or "waiting")
    return (
        Copy(state, commit, forge_links.commit_url(commit), forge_links.clone_url())
        if name == "mirrored"
        else Copy(state)
    )
