"""Reads the identity used in commits from the settings."""

from django.conf import settings

from gitsync.format.fast_import import EMAIL, Identity


def configured() -> Identity:
    """Return the configured identity."""
    return Identity(
        name=settings.GITSYNC_COMMITTER_NAME,
        email=settings.GITSYNC_COMMITTER_EMAIL or EMAIL,
        author_email=settings.GITSYNC_AUTHOR_EMAIL or EMAIL,
        sign_off=settings.GITSYNC_SIGN_OFF,
    )
