"""Mail to moderators about what readers report, sent by the worker: nobody who reports waits for it.

Each paste is told of once until its reports are closed. The rows say what has been told, so that nothing is lost while
the mail server is away; whatever is new by then comes in one mail.
"""

import logging
import smtplib
import threading
import time
from collections.abc import Iterable, Sequence
from itertools import groupby

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from pastes.models import Report

logger = logging.getLogger(__name__)

#: How many reports one mail may be about, and how many pastes it names.
_MOST_REPORTS = 500
_MOST_PASTES = 20
_WORDS_LENGTH = 500
#: Seconds after which a mail that was not taken is tried again; twice as many each time.
_FIRST_PAUSE = 30.0
_LONGEST_PAUSE = 1_800.0


class Messenger:
    """Sends what is new, in one thread at a time, and leaves a server that takes no mail alone for a while."""

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._failures = 0
        self._again_at = 0.0

    def tell(self) -> int:
        """Tell moderators of the pastes that were reported since; returns of how many reports they know now."""
        if not settings.PASTEUR_MODERATORS or not settings.EMAIL_HOST or time.monotonic() < self._again_at:
            return 0
        if not self._busy.acquire(blocking=False):
            return 0  # What is being sent may be just this.
        try:
            reports = _untold()
            if reports and self._send(_message(reports)):
                numbers = [report.pk for report in reports]
                return Report.objects.filter(pk__in=numbers).update(told_at=timezone.now())
            return 0
        finally:
            self._busy.release()

    def _send(self, message: EmailMessage) -> bool:
        try:
            message.send()
        except (smtplib.SMTPException, OSError) as error:
            pause = min(_FIRST_PAUSE * 2**self._failures, _LONGEST_PAUSE)
            self._failures += 1
            self._again_at = time.monotonic() + pause
            logger.warning("no mail about reports could be sent, trying again in %d s: %s", pause, error)
            return False
        self._failures = 0
        return True


tell = Messenger().tell


def _untold() -> list[Report]:
    """Return open reports of pastes of which nobody was told, those of one paste side by side."""
    told = Report.objects.open().filter(paste=OuterRef("paste"), told_at__isnull=False)
    new = Report.objects.open().filter(~Exists(told), told_at=None).select_related("paste")
    return sorted(new.order_by("id")[:_MOST_REPORTS], key=lambda report: (report.paste_id, report.pk))


def _message(reports: Sequence[Report]) -> EmailMessage:
    """Return the mail about these reports. Nothing that readers wrote is in its header."""
    pastes = [list(of_one) for _, of_one in groupby(reports, key=lambda report: report.paste_id)]
    what = f"{pastes[0][0].paste.key} was reported" if len(pastes) == 1 else f"{len(pastes)} pastes were reported"
    parts = [_about(of_one) for of_one in pastes[:_MOST_PASTES]]
    if len(pastes) > _MOST_PASTES:
        parts.append(f"And {len(pastes) - _MOST_PASTES} more.")
    parts.append(f"All open reports:\n{_address(reverse('admin:pastes_report_changelist'))}")
    return EmailMessage(
        subject=" ".join(f"{settings.PASTEUR_TITLE}: {what}".split()),
        body="\n\n".join(parts) + "\n",
        from_email=settings.PASTEUR_EMAIL_FROM,
        to=settings.PASTEUR_MODERATORS,
        headers={"Auto-Submitted": "auto-generated"},
    )


def _about(reports: Sequence[Report]) -> str:
    """Return what is said of one paste, with the way to it; the text itself may be what nobody wants in their mail."""
    paste = reports[0].paste
    inside = f"{reverse('admin:pastes_report_changelist')}?q={paste.key}"
    lines = [_address(paste.get_absolute_url()), f"to decide: {_address(inside)}"]
    for report in reports:
        lines.append(report.get_reason_display() + (f" ({report.times} times)" if report.times > 1 else ""))
        lines += _quoted(report.words)
        if report.contact:
            lines.append(f"from {report.contact}")
    return "\n".join(lines)


def _quoted(words: str) -> Iterable[str]:
    cut = words if len(words) <= _WORDS_LENGTH else f"{words[:_WORDS_LENGTH]}…"
    return [f"> {line}" for line in cut.splitlines()]


def _address(path: str) -> str:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    return (settings.PASTEUR_URL or f"http://{host}:{settings.PORT}") + path
