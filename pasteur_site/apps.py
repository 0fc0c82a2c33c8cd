"""The site as an app, so that its commands are found."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Everything that joins the two paths."""

    name = "pasteur_site"

    def ready(self) -> None:
        """Let tasks that are sent from any process find the broker."""
        from pasteur_site.celery import app

        app.set_default()
