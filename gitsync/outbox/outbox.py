"""Writes down, in the transaction of a paste's write, that it must become a commit."""

from datetime import datetime
from typing import Any, cast

from django.db import transaction
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


def published(sender: object, paste: Paste, **kwargs: Any) -> list[Change]:
    """A new paste: its first change, unless it is one that Git must never see, to be stored together with it."""
    if not belongs(paste):
        return []
    change = Change(key=paste.key, number=1, kind=Kind.PUBLISH, revision=paste.head)
    change.created_at, change.embargoed_until = paste.created_at, embargoed_until(paste)
    return [change]


def stored(sender: object, paste: Paste, **kwargs: Any) -> None:
    """A new paste is on disk, and with it what belongs to it."""
    if belongs(paste):
        wakeup.ring()


def revised(sender: object, paste: Paste, **kwargs: Any) -> None:
    """A new revision."""
    if belongs(paste):
        add(paste.key, Kind.EDIT, paste.head)


def withdrawn(sender: object, paste: Paste, **kwargs: Any) -> None:
    """A paste is gone from the site: it goes from the tip too, if it may be there, whoever has put it there."""
    if is_for_git(paste) or Change.objects.filter(key=paste.key).exists():
        add(paste.key, Kind.REMOVE, None)
        Change.objects.on_secret_hold().filter(key=paste.key).update(settled_at=timezone.now())  # Nobody has to decide.


def restored(sender: object, paste: Paste, **kwargs: Any) -> None:
    """A hidden paste is back."""
    if belongs(paste):
        add(paste.key, Kind.RESTORE, paste.head)


def add(key: str, kind: Kind, revision: int | None, *, at: datetime | None = None, moved_from: str = "") -> Change:
    """Add the next change of a paste to the outbox; the bell rings once the transaction is on disk.

    `at` is when it happened, unless that is now; `moved_from`, a file at the root that the paste was made of. Nothing
    happens later than now: the dates of all later commits would be as late.
    """
    held = Max("embargoed_until", filter=Q(settled_at=None))  # What holds the paste back holds back its edits, too.
    found = Change.objects.filter(key=key).aggregate(last=Max("number"), held=held)
    until = None if kind == Kind.REMOVE else found["held"]
    change = Change(key=key, number=(found["last"] or 0) + 1, kind=kind, revision=revision, moved_from=moved_from)
    now = timezone.now()
    change.created_at, change.embargoed_until = min(at or now, now), until
    store(change)
    transaction.on_commit(wakeup.ring)
    return change


def standing(key: str) -> Subquery:
    """Return what the last change of a paste says, for queries in which `key` names its key: a state and the commit."""
    state = Case(
        When(settled_at__isnull=False, then=Value("mirrored")),
        When(rejected_at__isnull=False, then=Value("refused")),
        When(secret_hold_at__isnull=False, then=Value("held")),
        default=Value("waiting"),
    )
    last = Change.objects.filter(key=OuterRef(key)).order_by("-number")
    return Subquery(last.values_list(Concat(state, Value(" "), "commit", output_field=TextField()))[:1])


def copy_of(paste: Paste, known: str) -> Copy:
    """Return where the copy of a paste in Git stands, of what `standing` says: nothing where there is no change yet."""
    if not belongs(paste):
        return NO_COPY
    word, _, commit = known.partition(" ")
    state = cast("State", word or "waiting")
    return (
        Copy(state, commit, forge_links.commit_url(commit), forge_links.clone_url())
        if word == "mirrored"
        else Copy(state)
    )
