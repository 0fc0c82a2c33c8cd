"""Paths on this site, which may be below a path of its host, as in PASTEUR_URL=https://example.org/paste."""

from django.conf import settings


def site_path(path: str) -> str:
    """Return the path as seen by browsers. `reverse` does the same, but only in the thread of a request."""
    return f"{settings.FORCE_SCRIPT_NAME}{path}"
