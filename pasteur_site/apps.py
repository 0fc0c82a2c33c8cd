"""The site as a Django app, which allows Django to find its management commands."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The settings, URLs and processes, which connect the pastes app and the gitsync app."""

    name = "pasteur_site"

    def ready(self) -> None:
        from gitsync.monitoring import metrics
        from pasteur_site import checks
        from pasteur_site.celery import app  # Makes the broker available to all processes that send tasks.
        from pasteur_site.certificates import status

        app.set_default()
        checks.register_all()
        metrics.register(status.Metrics())
