"""Periodic work of the site that belongs to no path: a thin wrapper for each."""

from celery import shared_task

from pastes.lifecycle import idempotency, writing
from pastes.moderation import origins, report_mail, reports


@shared_task
def erase_gone() -> None:
    """Erase the content of pastes whose time has come, and forget what nobody needs any more."""
    writing.erase_expired()
    idempotency.forget_old()
    reports.erase_old_contacts()
    origins.delete_expired()


@shared_task
def tell_moderators() -> None:
    """Send moderators a mail about what was reported since."""
    report_mail.send_pending()
