"""Finds the change that the remote rejects, by halving the batches, so that all others arrive.

The state of the search is in the row of the mirror, since pushes keep their interval and the worker may be restarted in
between: one of the pending changes up to `suspect_until` was rejected; `suspect_alone` was rejected when pushed alone;
`is_selective` says that the remote has accepted others since.
"""

import logging
from collections.abc import Sequence
from typing import NoReturn

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from gitsync.errors import PartlyRefusedError, RemoteRefusedError
from gitsync.models import Change, Mirror
from gitsync.purge import requests

logger = logging.getLogger(__name__)

_FIELDS = ["suspect_until", "suspect_alone", "is_selective"]


def next_batch(mirror: Mirror, limit: int) -> list[Change]:
    """Return the changes of the next push: the pending ones, or half of those among which one was rejected."""
    pending = Change.objects.pending()
    if mirror.suspect_until is None:
        return list(pending[:limit])
    suspects = list(pending.filter(pk__lte=mirror.suspect_until)[:limit])
    if not suspects:
        _end_search(mirror)
        return list(pending[:limit])
    if mirror.suspect_alone == suspects[0].pk:
        return [_change_of_other_paste(suspects[0]) or suspects[0]]
    return suspects[: (len(suspects) + 1) // 2]


def rejected(mirror: Mirror, changes: Sequence[Change], error: RemoteRefusedError) -> NoReturn:
    """Note that a push of these changes was rejected.

    Raises PartlyRefusedError if the next push continues the search, and the error itself if the remote accepts nothing.
    """
    if requests.is_any_requested(change.key for change in changes):  # It was purged during the push.
        error = RemoteRefusedError(requests.ERASED_MESSAGE)
    suspect = changes[0]
    if len(changes) > 1:
        mirror.suspect_until, mirror.suspect_alone = changes[-1].pk, None
    elif mirror.is_selective:
        _reject(mirror, suspect, str(error))
    elif mirror.suspect_alone is None and _change_of_other_paste(suspect):
        mirror.suspect_until = mirror.suspect_alone = suspect.pk
        mirror.error, mirror.error_code = str(error), error.code
    else:  # Neither this change nor any other is accepted: the next try begins with one change.
        mirror.suspect_until, mirror.suspect_alone = (mirror.suspect_alone or suspect.pk), None
        mirror.save(update_fields=_FIELDS)
        raise error
    mirror.save(update_fields=[*_FIELDS, "error", "error_code"])
    raise PartlyRefusedError(f"{len(changes)} changes from {suspect} on: {error}")


def accepted(mirror: Mirror) -> None:
    """Note that a push was accepted."""
    if mirror.suspect_until is None:
        return
    if mirror.suspect_alone is not None:
        culprit = Change.objects.pending().filter(pk=mirror.suspect_alone).first()
        if culprit is not None:
            _reject(mirror, culprit, mirror.error)
        mirror.error = mirror.error_code = ""
        mirror.save(update_fields=["error", "error_code"])
        _end_search(mirror)
    elif Change.objects.pending().filter(pk__lte=mirror.suspect_until).exists():
        mirror.is_selective = True
        mirror.save(update_fields=_FIELDS)
    else:
        _end_search(mirror)


def retry(pks: Sequence[int]) -> int:
    """Make rejected changes pending again, and return how many.

    A change that is followed by a settled one of the same paste would revert the paste: it is settled instead.
    """
    changes = Change.objects.rejected().filter(pk__in=pks)
    later = Change.objects.filter(key=OuterRef("key"), number__gt=OuterRef("number"), settled_at__isnull=False)
    with transaction.atomic():
        changes.filter(Exists(later)).update(settled_at=timezone.now())
        return changes.update(rejected_at=None, rejection="")


def _change_of_other_paste(change: Change) -> Change | None:
    """Return a pending change of another paste: it shows whether the remote accepts anything at all."""
    return Change.objects.pending().exclude(key=change.key).first()


def _reject(mirror: Mirror, change: Change, message: str) -> None:
    logger.error("the remote rejects %s; all other changes go on: %s", change, message)
    Change.objects.filter(pk=change.pk, settled_at=None).update(rejected_at=timezone.now(), rejection=message)
    mirror.suspect_until = mirror.suspect_alone = None
    mirror.is_selective = False


def _end_search(mirror: Mirror) -> None:
    mirror.suspect_until = mirror.suspect_alone = None
    mirror.is_selective = False
    mirror.save(update_fields=_FIELDS)
