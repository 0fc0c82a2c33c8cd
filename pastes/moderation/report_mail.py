"""Mail to moderators about new reports, sent by the worker so that readers do not wait for the mail server.

Moderators are notified about a paste once until its reports are closed. `Report.told_at` records which reports were
mailed, so none are lost while the mail server is unavailable, and all of them are then sent in a single mail.
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

#: The limits for a mail: the number of reports and pastes it covers, and the number of characters quoted per report.
_MAX_REPORTS = 500
_MAX_PASTES = 20
_MAX_QUOTE_LENGTH = 500
#: The number of seconds until the next attempt after a failure, which doubles each time.
_FIRST_PAUSE = 30.0
_MAX_PAUSE = 1_800.0


class Mailer:
    """Send mail in one thread at a time, backing off while the mail server fails."""

    def __init__(self) -> None:
        self._sending = threading.Lock()
        self._failures = 0
        self._next_attempt_at = 0.0

    def send_pending(self) -> int:
        """Notify moderators about new reports by mail. Return the number of reports."""
        if not settings.PASTEUR_MODERATORS or not settings.EMAIL_HOST or time.monotonic() < self._next_attempt_at:
            return 0
        if not self._sending.acquire(blocking=False):
            return 0  # Another thread is probably sending the same reports.
        try:
            reports = _pending_reports()
            if reports and self._send(_message(reports)):
                numbers = [report.pk for report in reports]
                return Report.objects.filter(pk__in=numbers).update(told_at=timezone.now())
            return 0
        finally:
            self._sending.release()

    def _send(self, message: EmailMessage) -> bool:
        try:
            message.send()
        except (smtplib.SMTPException, OSError) as error:
            pause = min(_FIRST_PAUSE * 2**self._failures, _MAX_PAUSE)
            self._failures += 1
            self._next_attempt_at = time.monotonic() + pause
            logger.warning("cannot send mail about reports, trying again in %d s: %s", pause, error)
            return False
        self._failures = 0
        return True


send_pending = Mailer().send_pending


def _pending_reports() -> list[Report]:
    """Return the open reports of pastes for which no mail was sent, grouped by paste."""
    mailed = Report.objects.open().filter(paste=OuterRef("paste"), told_at__isnull=False)
    pending = Report.objects.open().filter(~Exists(mailed), told_at=None).select_related("paste")
    return sorted(pending.order_by("id")[:_MAX_REPORTS], key=lambda report: (report.paste_id, report.pk))


def _message(reports: Sequence[Report]) -> EmailMessage:
    """Return a mail about the given reports. Its headers contain nothing written by readers."""
    by_paste = [list(group) for _, group in groupby(reports, key=lambda report: report.paste_id)]
    subject = (
        f"{by_paste[0][0].paste.key} was reported" if len(by_paste) == 1 else f"{len(by_paste)} pastes were reported"
    )
    sections = [_section(group) for group in by_paste[:_MAX_PASTES]]
    if len(by_paste) > _MAX_PASTES:
        sections.append(f"And {len(by_paste) - _MAX_PASTES} more.")
    sections.append(f"All open reports:\n{_absolute_url(reverse('admin:pastes_report_changelist'))}")
    return EmailMessage(
        subject=" ".join(f"{settings.PASTEUR_TITLE}: {subject}".split()),
        body="\n\n".join(sections) + "\n",
        from_email=settings.PASTEUR_EMAIL_FROM,
        to=settings.PASTEUR_MODERATORS,
        headers={"Auto-Submitted": "auto-generated"},
    )


def _section(reports: Sequence[Report]) -> str:
    """Return the section about a paste: links and reports, but not its content, which may not belong in a mailbox."""
    paste = reports[0].paste
    admin_path = f"{reverse('admin:pastes_report_changelist')}?q={paste.key}"
    lines = [_absolute_url(paste.get_absolute_url()), f"review: {_absolute_url(admin_path)}"]
    for report in reports:
        lines.append(report.get_reason_display() + (f" ({report.times} times)" if report.times > 1 else ""))
        lines += _quote(report.words)
        if report.contact:
            lines.append(f"from {report.contact}")
    return "\n".join(lines)


def _quote(text: str) -> Iterable[str]:
    cut = text if len(text) <= _MAX_QUOTE_LENGTH else f"{text[:_MAX_QUOTE_LENGTH]}…"
    return [f"> {line}" for line in cut.splitlines()]


def _absolute_url(path: str) -> str:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    origin = settings.PASTEUR_URL.removesuffix(settings.FORCE_SCRIPT_NAME)
    return (origin or f"http://{host}:{settings.PORT}") + path
