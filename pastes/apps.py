"""The web path: pastes, how they come in and how they are shown. It knows no Git and no Celery."""

from django.apps import AppConfig


class PastesConfig(AppConfig):
    """Pastes."""

    name = "pastes"

    def ready(self) -> None:
        """Let the settings be checked, and what goes be settled for moderators too."""
        from pastes import checks, reporting, signals

        checks.register_all()
        signals.paste_withdrawn.connect(reporting.withdrawn, dispatch_uid="pastes.reporting.withdrawn")
        signals.paste_purged.connect(reporting.purged, dispatch_uid="pastes.reporting.purged")
