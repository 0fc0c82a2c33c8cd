"""Notices that a text which was purged has been put back into the repository, outside the folders of pastes."""

import logging
from collections.abc import Iterator
from itertools import chain

from django.conf import settings

from gitsync.models import MOVED_FROM_LENGTH, Change, Kind, PurgedText
from gitsync.purge import requests
from gitsync.purge.occurrences import is_of_a_paste
from gitsync.repository import history
from gitsync.repository.repository import Repository

logger = logging.getLogger(__name__)


def notice(clone: Repository, old: str, new: str) -> None:
    """Have the history rewritten again without what others have put there since `old`, where that was purged."""
    if not PurgedText.objects.exists():
        return
    seen = set[tuple[str, str]]()
    with history.objects(clone) as objects:
        for path, oid in _files(clone, old, new):
            if (path, oid) in seen:
                continue
            seen.add((path, oid))
            content = objects.blob(oid, settings.PASTEUR_MAX_BYTES)
            if content and (key := requests.key_of(content)):
                _come_back(key, path)


def is_there(clone: Repository, tip: str, change: Change) -> bool:
    """Whether the file that a removal names still has a text that was purged."""
    if not tip or not change.moved_from or change.kind != Kind.REMOVE:
        return False
    oid = clone.resolve(f"{tip}:{change.moved_from}")
    if not oid:
        return False
    with history.objects(clone) as objects:
        content = objects.blob(oid, settings.PASTEUR_MAX_BYTES)
    return bool(content and requests.key_of(content))


def _files(clone: Repository, old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield (path, id) for files outside the folders of pastes that were touched, some of them several times."""
    told = ((path, mode, oid) for _, path, mode, _, oid in history.paths(clone, f"{old}..{new}"))
    for path, mode, oid in chain(told, history.differences(clone, old, new)):  # The second for what merges bring.
        if oid and mode in history.REGULAR and not is_of_a_paste(path.encode(errors="surrogateescape")):
            yield path, oid


def _come_back(key: str, path: str) -> None:
    shown = path.encode("ascii", "replace").decode()
    if len(path) > MOVED_FROM_LENGTH or not path.isprintable():  # What is not UTF-8 is not, either.
        logger.error("%s in Git has a text that was purged with %s, under a path that cannot be noted", shown, key)
        return
    logger.warning("%s in Git has a text that was purged with %s", shown, key)
    requests.come_back(key, path)
