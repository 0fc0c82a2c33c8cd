"""The site as a Django app, so that Django finds its management commands."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Settings, URLs and processes, which join the web path and the write path."""

    name = "pasteur_site"

    def ready(self) -> None:
        from pasteur_site import checks
        from pasteur_site.celery import app  # Tasks sent by any process find the broker.

        app.set_default()
        checks.register_all()
