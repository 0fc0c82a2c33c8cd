"""The site's gunicorn configuration without its check of SECRET_KEY, whose table the baseline does not have."""

from pasteur_site.web_server.config import *  # noqa: F403


def on_starting(server: object) -> None:  # type: ignore[no-redef]  # Replaces the imported one.
    """Start without a check."""
