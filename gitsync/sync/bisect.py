"""Finds the change that the remote does not take, by halving, and sets it aside so that the others arrive.

What is known is kept in the row of the mirror, so that each push keeps its distance from the last and a restart goes on
where it was: among the pending changes up to `suspect_until` is one that was refused; `suspect_alone` was refused by
itself; `is_selective` says that the remote has taken something since.
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


def next_batch(mirror: Mirror, most: int) -> list[Change]:
    """Return the changes that the next push is to take: all that wait, or half of those among which one is refused."""
    pending = Change.objects.pending()
    if mirror.suspect_until is None:
        return list(pending[:most])
    suspects = list(pending.filter(pk__lte=mirror.suspect_until)[:most])
    if not suspects:
        _forget(mirror)
        return list(pending[:most])
    if mirror.suspect_alone == suspects[0].pk:
        return [_other(suspects[0]) or suspects[0]]
    return suspects[: (len(suspects) + 1) // 2]


def refused(mirror: Mirror, changes: Sequence[Change], error: RemoteRefusedError) -> NoReturn:
    """Note that a push of these changes was refused.

    Raises PartlyRefusedError when the next push will tell more, and the error itself when the remote takes nothing.
    """
    if requests.is_any_requested(change.key for change in changes):  # It was purged while it was on its way.
        error = RemoteRefusedError(requests.ERASED_MESSAGE)
    first = changes[0]
    if len(changes) > 1:
        mirror.suspect_until, mirror.suspect_alone = changes[-1].pk, None
    elif mirror.is_selective:
        _set_aside(mirror, first, str(error))
    elif mirror.suspect_alone is None and _other(first):
        mirror.suspect_until = mirror.suspect_alone = first.pk
        mirror.error, mirror.error_code = str(error), error.code
    else:  # Neither this one nor any other: begin again with one change when the remote is tried the next time.
        mirror.suspect_until, mirror.suspect_alone = (mirror.suspect_alone or first.pk), None
        mirror.save(update_fields=_FIELDS)
        raise error
    mirror.save(update_fields=[*_FIELDS, "error", "error_code"])
    raise PartlyRefusedError(f"{len(changes)} changes from {first} on: {error}")


def accepted(mirror: Mirror) -> None:
    """Note that a push has arrived."""
    if mirror.suspect_until is None:
        return
    if mirror.suspect_alone is not None:
        culprit = Change.objects.pending().filter(pk=mirror.suspect_alone).first()
        if culprit is not None:
            _set_aside(mirror, culprit, mirror.error)
        mirror.error = mirror.error_code = ""
        mirror.save(update_fields=["error", "error_code"])
        _forget(mirror)
    elif Change.objects.pending().filter(pk__lte=mirror.suspect_until).exists():
        mirror.is_selective = True
        mirror.save(update_fields=_FIELDS)
    else:
        _forget(mirror)


def retry(pks: Sequence[int]) -> int:
    """Let changes that were set aside wait for the next push again, and return how many.

    One whose paste has had a later change since, which has arrived, would turn the paste back: it is settled instead.
    """
    chosen = Change.objects.rejected().filter(pk__in=pks)
    later = Change.objects.filter(key=OuterRef("key"), number__gt=OuterRef("number"), settled_at__isnull=False)
    with transaction.atomic():
        chosen.filter(Exists(later)).update(settled_at=timezone.now())
        return chosen.update(rejected_at=None, rejection="")


def _other(change: Change) -> Change | None:
    """Return a pending change of another paste, whose fate says whether the remote takes anything."""
    return Change.objects.pending().exclude(key=change.key).first()


def _set_aside(mirror: Mirror, change: Change, words: str) -> None:
    logger.error("the remote refuses %s, which is set aside; the others go on: %s", change, words)
    Change.objects.filter(pk=change.pk, settled_at=None).update(rejected_at=timezone.now(), rejection=words)
    mirror.suspect_until = mirror.suspect_alone = None
    mirror.is_selective = False


def _forget(mirror: Mirror) -> None:
    mirror.suspect_until = mirror.suspect_alone = None
    mirror.is_selective = False
    mirror.save(update_fields=_FIELDS)
