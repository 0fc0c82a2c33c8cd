"""Periodic tasks of the site other than the mirror's."""

from celery import shared_task

from pastes.lifecycle import idempotency, writing
from pastes.moderation import origins, report_mail, reports
from pastes.storage import checkpoint


@shared_task
def erase_expired() -> None:
    """Erase the content of expired pastes, and delete old records of requests, reports and addresses."""
    writing.erase_expired()
    idempotency.forget_old()
    reports.erase_old_contacts()
    origins.delete_expired()
    checkpoint.run()


@shared_task
def notify_moderators() -> None:
    """Send moderators a mail about new reports."""
    report_mail.send_pending()
