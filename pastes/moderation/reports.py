"""Store, close and erase reports of pastes. The open reports of a paste are closed when it is taken down."""

import hashlib
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from pastes.access import bans
from pastes.models import Outcome, Paste, Report
from pastes.storage.write_lock import write_lock

#: The number of distinct open reports stored for a paste. Any more are only counted.
MAX_OPEN = 20
#: How long the contact address of a closed report is stored.
_CONTACT_LIFETIME = timedelta(days=30)


def report(paste: Paste, *, reason: str, words: str = "", contact: str = "") -> None:
    """Store a report, or count it if an identical one is open.

    Raise RefusedError if the reader is banned, and Paste.DoesNotExist if the paste is no longer readable.
    """
    bans.demand()
    digest = hashlib.sha256(repr((reason, words, contact)).encode()).hexdigest()
    with write_lock(), transaction.atomic():
        # Lock the paste so that identical reports are detected even if they arrive at the same time.
        paste = Paste.objects.readable().select_for_update().get(pk=paste.pk)
        open_reports = Report.objects.open().filter(paste=paste)
        if open_reports.filter(digest=digest).update(times=F("times") + 1):
            return
        if open_reports.count() >= MAX_OPEN:
            oldest = open_reports.order_by("id").values_list("pk", flat=True)[0]
            open_reports.filter(pk=oldest).update(times=F("times") + 1)
            return
        Report.objects.create(paste=paste, reason=reason, words=words, contact=contact, digest=digest)


def close(paste: Paste, outcome: Outcome, *, by: str = "") -> int:
    """Close all open reports of a paste. Return how many were closed."""
    return _close(Report.objects.filter(paste=paste), outcome, by)


def dismiss(report: Report, *, by: str = "") -> int:
    """Close a report without taking action. Return 1, or 0 if it was already closed."""
    return _close(Report.objects.filter(pk=report.pk), Outcome.DISMISSED, by)


def erase_old_contacts() -> None:
    """Erase the contact addresses of reports that were closed 30 days ago."""
    old = Report.objects.filter(closed_at__lt=timezone.now() - _CONTACT_LIFETIME)
    old.exclude(contact="").update(contact="")


def close_withdrawn(sender: object, paste: Paste, **kwargs: Any) -> None:
    """Handle paste_withdrawn: close the open reports of the paste."""
    close(paste, Outcome.GONE)


def erase_purged(sender: object, key: str, **kwargs: Any) -> None:
    """Handle paste_purged: close the reports and erase their descriptions, which may quote the paste."""
    reports = Report.objects.filter(paste__key=key)
    _close(reports, Outcome.PURGED, "")
    reports.update(words="", contact="")


def _close(reports: Any, outcome: Outcome, by: str) -> int:
    closed: int = reports.open().update(closed_at=timezone.now(), closed_by=by, outcome=outcome)
    return closed
