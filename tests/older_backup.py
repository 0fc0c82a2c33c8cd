"""Resets the database to an earlier state, as restoring an older backup does."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from gitsync.models import Change, Mirror
from pastes.models import File, Paste, Revision
from pastes.search import index


@dataclass(frozen=True)
class OlderBackup:
    """The keys of the pastes that existed, and the recorded tip of each mirror."""

    keys: frozenset[str]
    tips: dict[int, str | None]

    def restore(self) -> None:
        """Delete everything published since, with its changes, and reset the recorded tips."""
        File.objects.exclude(revision__paste__key__in=self.keys).delete()
        Revision.objects.exclude(paste__key__in=self.keys).delete()
        Paste.objects.exclude(key__in=self.keys).delete()
        Change.objects.exclude(key__in=self.keys).delete()
        for pk, tip in self.tips.items():
            Mirror.objects.filter(pk=pk).update(tip=tip)
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {index.TABLE}")


def take() -> OlderBackup:
    """Return the current state, to be restored later."""
    keys = frozenset(Paste.objects.values_list("key", flat=True))
    return OlderBackup(keys, dict(Mirror.objects.values_list("pk", "tip")))


def dump() -> dict[str, list[Any]]:
    """Return all rows of mirrors, changes and pastes."""
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in (Mirror, Change, Paste)}
