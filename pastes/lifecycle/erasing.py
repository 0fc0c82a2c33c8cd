"""Erases what a paste ever said, for good. Only a tombstone stays: that it was, why it went, and who saw to it."""

import hashlib
from collections.abc import Iterable

from django.db import transaction

from pastes.models import File, Paste, State, Tombstone
from pastes.rules import keys
from pastes.search import index
from pastes.signals import paste_purged
from pastes.storage.write_lock import turn


def purge(key: str, *, reason: str, by: str = "") -> Tombstone:
    """Erase the texts of all revisions of a paste and let every copy of it be erased; `by` is who asked for it.

    A key that is known to the copies alone is purged as well, and never comes back. Purging again asks the copies
    again. Raises ValueError for what cannot be a key.
    """
    if not keys.can_be(key):
        raise ValueError(f"{key[:50]!r} cannot be the key of a paste")
    with turn(), transaction.atomic():
        paste = Paste.objects.select_for_update().filter(key=key).first()
        facts = {"reason": reason, "by": by}
        if paste:
            facts |= {"digest": _digest(paste), "old_code": paste.old_code or ""}
        tombstone, _ = Tombstone.objects.get_or_create(key=key, defaults=facts)
        paste_purged.send(sender=Paste, key=key)
        if paste:
            _erase(paste)
    return tombstone


def _digest(paste: Paste) -> str:
    """Return the SHA-256 of all texts of a paste, one after the other; empty when there are none any more."""
    digest, any_text = hashlib.sha256(), False
    texts = File.objects.filter(revision__paste=paste).order_by("revision__number", "position")
    for content in texts.values_list("content", flat=True).iterator(chunk_size=10):
        digest.update(content.encode())
        any_text = True
    return digest.hexdigest() if any_text else ""


def _erase(paste: Paste) -> None:
    index.drop(paste)
    File.objects.filter(revision__paste=paste).delete()
    nothing = {"title": "", "author": "", "comment": "", "token_hash": "", "old_code": None}
    Paste.objects.filter(pk=paste.pk).update(state=State.REMOVED, **nothing)


def are_purged(names: Iterable[str]) -> set[str]:
    """Return which of these keys, or codes of the first Pasteur, are purged."""
    wanted = list(names)
    keys_of = Tombstone.objects.filter(key__in=wanted).values_list("key", flat=True)
    return {*keys_of, *Tombstone.objects.filter(old_code__in=wanted).values_list("old_code", flat=True)}
