"""Finds and restores revisions that Git has and the database lacks, such as after an older backup was restored."""

from collections.abc import Sequence

from gitsync.format import tree
from gitsync.inbound.apply_edit import apply_edit
from gitsync.inbound.metadata import DamagedError
from gitsync.inbound.paste_folder import read_folder
from gitsync.inbound.paste_history import is_later
from gitsync.inbound.path_history import Touch
from gitsync.repository import history
from gitsync.repository.batches import in_batches
from gitsync.repository.history import Objects
from gitsync.repository.repository import Repository
from pastes.models import Paste

_KEYS_PER_QUERY = 500


def find(clone: Repository, tip: str, keys: Sequence[str]) -> list[str]:
    """Return which of these stored pastes have a later revision at `tip` than in the database."""
    newer = list[str]()
    with history.objects(clone) as objects:
        for batch in in_batches(keys, _KEYS_PER_QUERY):
            heads = Paste.objects.filter(key__in=batch).values_list("key", "head")
            newer += [key for key, head in heads if _is_newer(objects, key, f"{tip}:{tree.folder(key)}", head)]
    return newer


def restore(objects: Objects, paste: Paste, touches: Sequence[Touch]) -> bool:
    """Store the later revisions of a paste that its touches made; return whether there were any.

    Raises DamagedError, RefusedError.
    """
    head = paste.head
    for count, touch in enumerate(touches, start=1):
        if touch.oid and _is_newer(objects, paste.key, touch.oid, paste.head):
            apply_edit(objects, paste, touch.oid, touches[:count], is_pending=False)
    return paste.head != head


def _is_newer(objects: Objects, key: str, folder: str, head: int) -> bool:
    """Return whether the metadata of a folder, a tree or `commit:path`, has a later revision than `head`."""
    try:
        return is_later(read_folder(objects, key, folder).metadata.revision, head)
    except DamagedError:
        return False
