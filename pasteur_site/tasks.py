"""Periodic work of the site that belongs to no path: a thin wrapper for each."""

from celery import shared_task

from pastes import notices, origins, repeats, reporting, writing


@shared_task
def erase_gone() -> None:
    """Erase the content of pastes whose time has come, and forget what nobody needs any more."""
    writing.erase_expired()
    repeats.forget_old()
    reporting.forget_old()
    origins.forget_old()


@shared_task
def tell_moderators() -> None:
    """Send moderators a mail about what was reported since."""
    notices.tell()
