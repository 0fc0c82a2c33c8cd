"""The web path: pastes, how they come in and how they are shown. It knows no Git and no Celery."""

from django.apps import AppConfig


class PastesConfig(AppConfig):
    """Pastes."""

    name = "pastes"

    def ready(self) -> None:
        """Let the settings be checked."""
        from pastes import checks

        checks.register_all()
