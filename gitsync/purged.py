"""Writes down, in the transaction of a purge, that a paste has to leave the history of the mirror."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from gitsync import doorbell, outbox
from gitsync.models import Change, Kind, Purge


def asked(sender: object, key: str, **kwargs: Any) -> None:
    """A paste is purged: it leaves the tip, and the history with it."""
    Purge.objects.update_or_create(key=key, defaults={"asked_at": timezone.now(), "done_at": None})
    if Change.objects.filter(key=key).exists():
        outbox.add(key, Kind.REMOVE, None)
    transaction.on_commit(doorbell.ring)


def is_any_waiting() -> bool:
    """Return whether the history has to be rewritten."""
    return Purge.objects.waiting().exists()
