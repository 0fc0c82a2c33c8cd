"""The web app, which stores and shows pastes. It must not depend on Git or Celery."""

from django.apps import AppConfig


class PastesConfig(AppConfig):
    """The configuration of the pastes app."""

    name = "pastes"

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from pastes import checks, signals
        from pastes.access import bans
        from pastes.models import Ban
        from pastes.moderation import origins, reports

        checks.register_all()
        signals.paste_withdrawn.connect(
            reports.close_withdrawn, dispatch_uid="pastes.moderation.reports.close_withdrawn"
        )
        signals.paste_purged.connect(reports.erase_purged, dispatch_uid="pastes.moderation.reports.erase_purged")
        signals.paste_published.connect(
            origins.origin_of_new_paste, dispatch_uid="pastes.moderation.origins.origin_of_new_paste"
        )
        signals.paste_revised.connect(origins.update_origin, dispatch_uid="pastes.moderation.origins.update_origin")
        post_save.connect(bans.forget, sender=Ban, dispatch_uid="pastes.access.bans.saved")
        post_delete.connect(bans.forget, sender=Ban, dispatch_uid="pastes.access.bans.deleted")
