"""Purges pastes: erases all their texts for good. A tombstone stays, with the key, the reason and the moderator."""

import hashlib
from collections.abc import Iterable

from django.db import transaction

from pastes.models import File, Paste, State, Tombstone
from pastes.rules import keys
from pastes.search import index
from pastes.signals import paste_purged
from pastes.storage.write_lock import write_lock


def purge(key: str, *, reason: str, by: str = "") -> Tombstone:
    """Erase the texts of all revisions of a paste and of every copy; `by` is the moderator.

    A key that only copies have is purged too, and cannot come back. Purging again purges the copies again. Raises
    ValueError for an invalid key.
    """
    if not keys.can_be(key):
        raise ValueError(f"{key[:50]!r} cannot be the key of a paste")
    with write_lock(), transaction.atomic():
        paste = Paste.objects.select_for_update().filter(key=key).first()
        fields = {"reason": reason, "by": by}
        if paste:
            fields |= {"digest": _digest(paste), "old_code": paste.old_code or ""}
        tombstone, _ = Tombstone.objects.get_or_create(key=key, defaults=fields)
        paste_purged.send(sender=Paste, key=key)
        if paste:
            _erase(paste)
    return tombstone


def _digest(paste: Paste) -> str:
    """Return the SHA-256 of all texts of a paste in their order; empty without texts."""
    digest, has_text = hashlib.sha256(), False
    texts = File.objects.filter(revision__paste=paste).order_by("revision__number", "position")
    for content in texts.values_list("content", flat=True).iterator(chunk_size=10):
        digest.update(content.encode())
        has_text = True
    return digest.hexdigest() if has_text else ""


def _erase(paste: Paste) -> None:
    index.remove(paste)
    File.objects.filter(revision__paste=paste).delete()
    empty = {"title": "", "author": "", "comment": "", "token_hash": "", "old_code": None}
    Paste.objects.filter(pk=paste.pk).update(state=State.REMOVED, **empty)


def are_purged(names: Iterable[str]) -> set[str]:
    """Return those of the keys, or codes of the first Pasteur, that are purged."""
    names = list(names)
    purged_keys = Tombstone.objects.filter(key__in=names).values_list("key", flat=True)
    return {*purged_keys, *Tombstone.objects.filter(old_code__in=names).values_list("old_code", flat=True)}
