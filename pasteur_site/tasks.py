"""Periodic tasks other than those of the mirror."""

from celery import shared_task

from pastes.lifecycle import idempotency, writing
from pastes.moderation import origins, report_mail, reports
from pastes.storage import checkpoint


@shared_task
def erase_expired() -> None:
    """Erase the content of expired pastes, and delete old data about requests, reports and addresses."""
    writing.erase_expired()
    idempotency.forget_old()
    reports.erase_old_contacts()
    origins.delete_expired()
    checkpoint.run()


@shared_task
def notify_moderators() -> None:
    """Notify moderators about new reports by mail."""
    report_mail.send_pending()
