"""Reports of pastes: taken in, settled, and forgotten. A paste that goes takes its open reports with it."""

import hashlib
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from pastes.access import bans
from pastes.models import Outcome, Paste, Report
from pastes.storage.write_lock import turn

#: How many different open reports of one paste are kept; whatever else is said of it is only counted.
MAX_OPEN = 20
#: How long after a report was closed the address of who sent it is kept.
_CONTACT_IS_KEPT = timedelta(days=30)


def report(paste: Paste, *, reason: str, words: str = "", contact: str = "") -> None:
    """Keep what a reader says of a paste, once.

    Raises RefusedError for a reader who is banned, and Paste.DoesNotExist when the paste is gone by now.
    """
    bans.demand()
    digest = hashlib.sha256(repr((reason, words, contact)).encode()).hexdigest()
    with turn(), transaction.atomic():
        # Who reports the same paste waits here, so that equal reports meet.
        paste = Paste.objects.readable().select_for_update().get(pk=paste.pk)
        known = Report.objects.open().filter(paste=paste)
        if known.filter(digest=digest).update(times=F("times") + 1):
            return
        if known.count() >= MAX_OPEN:
            oldest = known.order_by("id").values_list("pk", flat=True)[0]
            known.filter(pk=oldest).update(times=F("times") + 1)
            return
        Report.objects.create(paste=paste, reason=reason, words=words, contact=contact, digest=digest)


def close(paste: Paste, outcome: Outcome, *, by: str = "") -> int:
    """Settle all open reports of a paste; returns how many there were."""
    return _close(Report.objects.filter(paste=paste), outcome, by)


def dismiss(report: Report, *, by: str = "") -> int:
    """Settle one report: nothing is wrong with the paste. Returns whether it was open, as a number."""
    return _close(Report.objects.filter(pk=report.pk), Outcome.DISMISSED, by)


def erase_old_contacts() -> None:
    """Erase the addresses of who sent reports that were closed long ago."""
    old = Report.objects.filter(closed_at__lt=timezone.now() - _CONTACT_IS_KEPT)
    old.exclude(contact="").update(contact="")


def close_withdrawn(sender: object, paste: Paste, **kwargs: Any) -> None:
    """A paste is gone: nobody has to look at what was said of it."""
    close(paste, Outcome.GONE)


def erase_purged(sender: object, key: str, **kwargs: Any) -> None:
    """A paste is erased for good, and with it what reports may have quoted of it."""
    about = Report.objects.filter(paste__key=key)
    _close(about, Outcome.PURGED, "")
    about.update(words="", contact="")


def _close(reports: Any, outcome: Outcome, by: str) -> int:
    closed: int = reports.open().update(closed_at=timezone.now(), closed_by=by, outcome=outcome)
    return closed
