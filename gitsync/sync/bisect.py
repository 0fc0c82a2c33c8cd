"""Finds the changes that the remote rejects, by bisecting batches, so that all others are pushed.

The state of the search is stored in the database, since pushes respect their interval and the worker may be restarted
in between. In the mirror's row, `suspect_until` means that one of the pending changes up to it was rejected;
`is_selective` means that the remote has accepted others since then; `refusals` counts changes that were refused when
pushed alone since it last accepted one.

If a change is refused alone while nothing is accepted, the change may be fine and the remote out of order. It remains
pending, marked by `refused_at`, while changes of other pastes are tried. Once one of them is accepted, the marks are
cleared and the search continues. A rejected change is retried alone after the next accepted push, then once a day.
"""

import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q
from django.utils import timezone

from gitsync.errors import PartlyRefusedError, RemoteRefusedError
from gitsync.models import Change, ChangeQuerySet, Mirror
from gitsync.outbox import damaged
from gitsync.purge import requests
from pastes.rules.keys import is_valid_key

logger = logging.getLogger(__name__)

#: The pause between two automatic retries of a rejected change.
RETRY_INTERVAL = timedelta(days=1)
#: The number of changes to try alone before the worker waits: on the first attempt, and on each later one.
_FIRST_PROBES, _LATER_PROBES = 16, 2
#: The number of consecutive rejections after which the remote is considered out of order.
_MAX_REJECTIONS = 64
#: The number of failed attempts to create a commit for a change after which it is set aside.
_MAX_TRIES = 3
_FIELDS = ["suspect_until", "is_selective", "refusals"]


def next_batch(mirror: Mirror, limit: int) -> list[Change]:
    """Return the changes for the next push: the pending ones, or half of those that include a rejected one.

    If there are none, return a rejected change that is due for a retry.
    """
    pending = Change.objects.pending()
    if mirror.suspect_until is not None:
        suspects = damaged.read(pending.filter(pk__lte=mirror.suspect_until), limit)
        if suspects and not mirror.is_selective and pending.exclude(refused_at=None).exists():
            return [_next_probe()]
        if suspects:
            return suspects[: (len(suspects) + 1) // 2]
        _leave_range(mirror)
    return damaged.read(pending, limit) or damaged.read(_due_for_retry(mirror), 1)


def is_retry_due(mirror: Mirror) -> bool:
    """Return whether a rejected change is due to be retried automatically."""
    return _due_for_retry(mirror).exists()


def rejected(mirror: Mirror, changes: Sequence[Change], error: RemoteRefusedError) -> NoReturn:
    """Record that a push of these changes was rejected.

    Raise PartlyRefusedError if the next push continues the search, or the error itself if the remote accepts nothing.
    """
    if requests.is_any_requested(change.key for change in changes):  # A paste was purged during the push.
        error = RemoteRefusedError(requests.ERASED_MESSAGE)
    suspect = changes[0]
    if len(changes) > 1:
        mirror.suspect_until = changes[-1].pk
    elif suspect.rejected_at:
        reject(suspect, str(error))
    elif mirror.is_selective and mirror.refusals < _MAX_REJECTIONS:
        mirror.refusals += 1
        reject(suspect, str(error), retry_at=timezone.now())
        _leave_range(mirror)
    else:
        _mark(mirror, suspect, error)
    mirror.save(update_fields=_FIELDS)
    raise PartlyRefusedError(f"{len(changes)} changes from {suspect} on: {error}")


def accepted(mirror: Mirror) -> None:
    """Record that a push was accepted."""
    if mirror.suspect_until is None:
        if mirror.is_selective:
            _end_search(mirror)
        return
    marked = Change.objects.pending().exclude(refused_at=None)
    if mirror.refusals == 1 and not mirror.is_selective and marked.count() == 1:
        # It was refused just before another change was accepted. The retry will show if the remote was out of order.
        marked.order_by().update(rejected_at=F("refused_at"), retry_at=timezone.now(), refused_at=None)
    elif (latest := marked.aggregate(pk=Max("pk"))["pk"]) is not None:
        mirror.suspect_until = max(mirror.suspect_until, latest)
        marked.order_by().update(refused_at=None)
    mirror.is_selective, mirror.refusals = True, 0
    _leave_range(mirror)


def reject(change: Change, message: str, *, retry_at: datetime | None = None) -> None:
    """Set a change aside until `retry_at`, which defaults to one day from now."""
    logger.error("%s is rejected; all other changes continue: %s", change, message)
    now = timezone.now()
    retry_at = retry_at or now + RETRY_INTERVAL
    Change.objects.filter(pk=change.pk, settled_at=None).update(
        rejected_at=change.rejected_at or now, rejection=message, retry_at=retry_at, refused_at=None
    )


def failed(change: Change, error: Exception) -> None:
    """Record that no commit can be created for a change; after several attempts, set it aside with the reason."""
    reason = f"no commit can be created: {type(error).__name__}: {error}"[:500]
    change.tries += 1
    Change.objects.filter(pk=change.pk).update(tries=change.tries)
    if change.tries >= _MAX_TRIES:
        reject(change, reason)
    else:
        logger.warning("%s is skipped: %s", change, reason)


def with_valid_keys(changes: Sequence[Change]) -> list[Change]:
    """Return the changes that have a valid key, and record the others as failed."""
    valid = []
    for change in changes:
        if is_valid_key(str(change.key)):  # SQLite stores any value, also bytes.
            valid.append(change)
        else:
            failed(change, ValueError(f"{change.key!r} is not a valid key"))
    return valid


def retry(pks: Sequence[int]) -> int:
    """Make rejected changes pending again, and return their number.

    If a later change of the same paste is already settled, the retry would revert the paste, so settle it instead.
    """
    with transaction.atomic():
        _settle_outdated(Change.objects.rejected().filter(pk__in=pks))
        changes = Change.objects.rejected().filter(pk__in=pks)
        return changes.update(rejected_at=None, rejection="", retry_at=None, tries=0)


def _due_for_retry(mirror: Mirror) -> ChangeQuerySet:
    """Return the rejected changes to retry now: those whose `retry_at` has passed, as long as pushes are succeeding."""
    if mirror.suspect_until is not None or mirror.failures or mirror.arrived_at is None:
        return Change.objects.none()
    now = timezone.now()
    # Times too far in the future are from before the clock was set back, and count as passed.
    is_due = Q(retry_at__lte=now) | Q(retry_at__gt=now + RETRY_INTERVAL)
    due = Change.objects.rejected().filter(is_due, secret_hold_at=None)
    if due.exists():
        _settle_outdated(due)
    return due.filter(Q(rejected_at__lt=mirror.arrived_at) | Q(rejected_at__gt=now)).order_by("pk")


def _settle_outdated(changes: ChangeQuerySet) -> None:
    later = Change.objects.filter(key=OuterRef("key"), number__gt=OuterRef("number"), settled_at__isnull=False)
    changes.filter(Exists(later)).update(settled_at=timezone.now())


def _next_probe() -> Change:
    """Return the change to try alone: a random one of a paste without marks, or else the one marked longest ago.

    They are not tried in order, because adjacent changes are often by the same author.
    """
    pending = Change.objects.pending()
    marked = pending.exclude(refused_at=None)
    unmarked = pending.exclude(key__in=marked.order_by().values("key"))
    ends = unmarked.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return marked.order_by(F("refused_at"), "pk")[0]
    start = random.randint(ends["first"], ends["last"])  # noqa: S311  (no secret)
    chosen = unmarked.filter(pk__gte=start)[0]
    return unmarked.filter(key=chosen.key)[0]


def _mark(mirror: Mirror, change: Change, error: RemoteRefusedError) -> None:
    """Mark a change that was refused alone; raise the error if enough of them have been tried for now."""
    message = "" if str(error) == requests.ERASED_MESSAGE else str(error)
    Change.objects.filter(pk=change.pk).update(refused_at=timezone.now(), rejection=message)
    mirror.suspect_until = max(mirror.suspect_until or 0, change.pk)
    mirror.refusals = 1 if mirror.is_selective else mirror.refusals + 1
    mirror.is_selective = False
    others = Change.objects.pending().exclude(key=change.key)
    is_first_try = not mirror.failures and others.filter(refused_at=None).exists()
    probes = _FIRST_PROBES if is_first_try else _LATER_PROBES
    if mirror.refusals >= probes or not others.exists():
        mirror.refusals = 0
        mirror.save(update_fields=_FIELDS)
        raise error


def _leave_range(mirror: Mirror) -> None:
    """End the search in the range up to `suspect_until` if it is empty; later changes may be rejected, too."""
    pending = Change.objects.pending()
    if not pending.exists():
        _end_search(mirror)
    elif mirror.suspect_until is not None and not pending.filter(pk__lte=mirror.suspect_until).exists():
        mirror.suspect_until = None
    mirror.save(update_fields=_FIELDS)


def _end_search(mirror: Mirror) -> None:
    mirror.suspect_until, mirror.is_selective, mirror.refusals = None, False, 0
    mirror.save(update_fields=_FIELDS)
