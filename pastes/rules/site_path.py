"""Paths of this site, which may be below a path of its host: PASTEUR_URL=https://example.org/paste."""

from django.conf import settings


def site_path(path: str) -> str:
    """Return the path as browsers see it. `reverse` does the same, but only in the thread of a request."""
    return f"{settings.FORCE_SCRIPT_NAME}{path}"
