"""Reads changes of which some rows cannot be read: SQLite stores any value in any column, and disks flip bits."""

import logging
from typing import Any

from django.utils import timezone

from gitsync.models import Change, ChangeQuerySet
from gitsync.outbox.loading import is_of_row

logger = logging.getLogger(__name__)


def read(changes: ChangeQuerySet, limit: int) -> list[Change]:
    """Return the first changes of a set. Values that cannot be read are replaced first, each with a log line."""
    try:
        return list(changes[:limit])
    except Exception as error:
        if not is_of_row(error):
            raise
    for pk in list(changes.values_list("pk", flat=True)[:limit]):
        _replace_unreadable(pk)
    return list(changes[:limit])


def _replace_unreadable(pk: int) -> None:
    """Replace the values of a row that cannot be read.

    Without its key a change makes no commit, and is set aside; `resync_git` commits what is then missing in Git.
    """
    substitutes: dict[str, Any] = {"key": f"?{pk}", "number": 1, "kind": "?", "created_at": timezone.now()}
    for field in Change._meta.concrete_fields:  # noqa: SLF001  (Django documents it)
        rows = Change.objects.filter(pk=pk).order_by()
        try:
            rows.values_list(field.name, flat=True).get()
        except Exception as error:
            if not is_of_row(error):
                raise
            value = substitutes.get(field.name, None if field.null else field.get_default())
            rows.update(**{field.name: value})
            logger.error("%s of change %d cannot be read and is now %r: %s", field.name, pk, value, error)
