"""The write path: the mirror of all pastes in a Git repository."""

from django.apps import AppConfig


class GitsyncConfig(AppConfig):
    """The mirror in Git."""

    name = "gitsync"
    verbose_name = "Git mirror"

    def ready(self) -> None:
        """Listen to what happens to pastes, and say where their copies stand."""
        from gitsync import checks, hooks, outbox, purged, selection
        from pastes import copies, signals

        checks.register_all()
        signals.paste_published.connect(outbox.published, dispatch_uid="gitsync.published")
        signals.paste_stored.connect(outbox.stored, dispatch_uid="gitsync.stored")
        signals.paste_revised.connect(outbox.revised, dispatch_uid="gitsync.revised")
        signals.paste_withdrawn.connect(outbox.withdrawn, dispatch_uid="gitsync.withdrawn")
        signals.paste_restored.connect(outbox.restored, dispatch_uid="gitsync.restored")
        signals.paste_purged.connect(purged.asked, dispatch_uid="gitsync.purged")
        signals.paste_missed.connect(hooks.missed, dispatch_uid="gitsync.missed")
        copies.kept_by(outbox.standing, outbox.copy_of)
        copies.promised_by(selection.promise)
