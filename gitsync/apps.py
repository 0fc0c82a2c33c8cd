"""The write path, which mirrors all pastes in a Git repository."""

from django.apps import AppConfig


class GitsyncConfig(AppConfig):
    """The mirror in Git."""

    name = "gitsync"
    verbose_name = "Git mirror"

    def ready(self) -> None:
        """Connect the signals of pastes, and register the functions that look up the state of their copies."""
        from gitsync import checks
        from gitsync.inbound import webhook
        from gitsync.outbox import eligibility, outbox
        from gitsync.purge import requests
        from pastes import signals
        from pastes.lifecycle import mirror_copy

        checks.register_all()
        signals.paste_published.connect(outbox.published, dispatch_uid="gitsync.published")
        signals.paste_stored.connect(outbox.stored, dispatch_uid="gitsync.stored")
        signals.paste_revised.connect(outbox.revised, dispatch_uid="gitsync.revised")
        signals.paste_withdrawn.connect(outbox.withdrawn, dispatch_uid="gitsync.withdrawn")
        signals.paste_restored.connect(outbox.restored, dispatch_uid="gitsync.restored")
        signals.paste_purged.connect(requests.request_purge, dispatch_uid="gitsync.purge.requests")
        signals.paste_missed.connect(webhook.fetch_missed, dispatch_uid="gitsync.missed")
        mirror_copy.register(outbox.standing, outbox.copy_of)
        mirror_copy.register_notices(eligibility.notices)
