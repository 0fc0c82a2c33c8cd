"""Purge pastes: permanently erase their content, leaving a tombstone with the key, the reason and the moderator."""

import hashlib
from collections.abc import Iterable

from django.db import transaction

from pastes.models import File, Paste, State, Tombstone
from pastes.rules import keys
from pastes.search import index
from pastes.signals import paste_purged
from pastes.storage.write_lock import write_lock


def purge(key: str, *, reason: str, by: str = "") -> Tombstone:
    """Erase the content of all revisions and copies of a paste. `by` is the moderator.

    A key that exists only in copies is purged as well and cannot be restored. Purging a paste again purges its copies
    again. Raise ValueError if the key is invalid.
    """
    if not keys.is_valid_key(key):
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
    """Return the SHA-256 of all file contents of a paste in order, or an empty string if it has none."""
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
    """Return the subset of `names` that belong to purged pastes. Names are keys, or codes of the original Pasteur."""
    names = list(names)
    purged_keys = Tombstone.objects.filter(key__in=names).values_list("key", flat=True)
    return {*purged_keys, *Tombstone.objects.filter(old_code__in=names).values_list("old_code", flat=True)}
