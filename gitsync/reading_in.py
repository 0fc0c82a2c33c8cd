"""Reads in what others have pushed: edits become revisions, new folders and files pastes, removed folders go.

What the database already knows is not touched, whoever says it again. What cannot be a paste is logged and left alone.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from itertools import islice

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, transaction

from gitsync import folders, history, outbox, purged, tree
from gitsync.errors import GitsyncError, TooManyRemovedError
from gitsync.folders import DamagedError
from gitsync.history import Objects
from gitsync.mirror import Clone
from gitsync.models import Change, Kind
from gitsync.retelling import author_of, refuse_purged, restore_one, texts_at
from gitsync.revising import revise, texts_of
from gitsync.selection import belongs, mirrored
from gitsync.shelves import pastes
from gitsync.touches import Touch, Touches, sort
from pastes import keys, languages, restoring, writing
from pastes.errors import RefusedError
from pastes.models import Paste
from pastes.purging import are_purged
from pastes.restoring import Edition, Kept

logger = logging.getLogger(__name__)

#: So many pastes may always be removed by others at once; beyond that, one in a hundred.
REMOVE_FREELY = 100
_AT_ONCE = 200


class Removals(Enum):
    """What to do when others have removed very many pastes."""

    ASK = "ask"
    ACCEPT = "accept"
    UNDO = "undo"


def read(clone: Clone, old: str, new: str, removals: Removals = Removals.ASK) -> None:
    """Take over what differs at `new` from `old`, which it goes on from; without an old one, pastes nobody knows here.

    Has to run in the transaction that notes the new tip. Raises TooManyRemovedError.
    """
    if not new:
        return
    changed, loose = _differences(clone, old, new) if old else (_unknown(clone, new), {})
    if not changed and not loose:
        return
    _consider(changed, removals)
    tip = history.commit(clone, new)
    told = history.folders(clone, f"{old}..{new}" if old else new)
    with sort(told, tip) as touches, history.objects(clone) as objects:
        for key, oid in changed.items():
            _attempt(key, lambda: _read_folder(objects, key, oid, touches.of(key), removals))  # noqa: B023  (runs now)
    if loose:
        told = ((told, path, oid) for told, path, _, _, oid in history.paths(clone, f"{old}..{new}") if path in loose)
        with sort(told, tip) as touches, history.objects(clone) as objects:
            for path, oid in loose.items():
                _attempt(path, lambda: _read_file(objects, path, oid, touches))  # noqa: B023  (runs now)


def ours(clone: Clone, named: Iterable[Change], arrived: Mapping[str, str], tip: str) -> Iterator[Change]:
    """Yield those of the changes that a commit names which it really makes, in what `tip` has too.

    Anybody can write a trailer, and two sites may give the same name to changes of the same paste.
    """
    changes = list(named)
    if not changes:
        return
    at_tip = clone.tree_oids(tip, {tree.folder(change.key) for change in changes})
    with history.objects(clone) as objects:
        for change in changes:
            folder = tree.folder(change.key)
            if _is_made(change, objects, f"{arrived[change.name]}:{folder}", is_at_tip=bool(at_tip[folder])):
                yield change
            else:
                logger.warning("a commit that names the change %s does not make it", change.name)


def _is_made(change: Change, objects: Objects, place: str, *, is_at_tip: bool) -> bool:
    """Whether a commit makes a change, in which the folder of the paste is at `place`.

    What has arrived and is undone at the tip is made again: there is no other change that would see to it.
    """
    paste = Paste.objects.filter(key=change.key).first()
    is_wanted = paste is not None and belongs(paste)
    if change.revision is None:
        return objects.tree(place) is None and (is_wanted or not is_at_tip)
    if paste is None or not is_wanted:
        return True  # The change that takes it away comes after this one.
    return is_at_tip and texts_of(paste, change.revision) == texts_at(objects, place)


def _differences(clone: Clone, old: str, new: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the pastes' folders that are not as before, by key, and the new or changed files at the root."""
    changed, loose = {}, {}
    for path, mode, oid in history.differences(clone, old, new):
        if path.count("/") == 3 and (key := tree.key_of(f"{path}/")) and keys.can_be(key):
            changed[key] = oid if mode == history.TREE else ""
        elif oid and mode in history.REGULAR and _is_loose(path):
            loose[path] = oid
    return changed, loose


def _is_loose(path: str) -> bool:
    """Whether a file lies at the root as a paste: with an ending that tells its language, and no sign of the road."""
    stem, _, ending = path.rpartition(".")
    is_known = ending.lower() == "txt" or languages.of_file(path) is not languages.PLAIN
    return "/" not in path and bool(stem) and is_known and stem.casefold() not in {"readme", "license", "contributing"}


def _unknown(clone: Clone, tip: str) -> dict[str, str]:
    """Return the folders of pastes that the database has never had."""
    found: dict[str, str] = {}
    at_tip = pastes(clone, tip)
    while some := dict(islice(at_tip, _AT_ONCE)):
        known = set(Paste.objects.filter(key__in=some).values_list("key", flat=True))
        found |= {key: oid for key, oid in some.items() if key not in known}
    return found


def _consider(changed: Mapping[str, str], removals: Removals) -> None:
    gone = [key for key, oid in changed.items() if not oid]
    total = mirrored().count() if len(gone) > REMOVE_FREELY and removals is Removals.ASK else 0
    if total and len(gone) > max(REMOVE_FREELY, total // 100):
        raise TooManyRemovedError(f"{len(gone)} of {total} pastes were removed from Git by somebody else")


def _attempt(name: str, work: Callable[[], object]) -> None:
    """Do something about one paste, and leave it alone when that cannot be done; the others are not held up by it."""
    shown = name.encode("ascii", "replace").decode()
    try:
        with transaction.atomic():
            work()
    except DamagedError as damaged:
        logger.warning("%s in Git is left alone: %s", shown, damaged)
    except RefusedError as refused:
        logger.warning("%s in Git is left alone: %s", shown, refused.message)
    except IntegrityError:
        logger.warning("%s in Git is left alone: its old code is another paste's", shown)
    except DataError as error:
        logger.warning("%s in Git is left alone: the database does not take it: %s", shown, error)
    except (DatabaseError, GitsyncError, OSError, MemoryError):
        raise  # It is not the paste's fault, and the next drain reads it again.
    except Exception:  # Whoever may push could stop the mirror with what nobody has thought of.
        logger.exception("%s in Git is left alone: reading it ended with what nobody expects", shown)


def _read_folder(objects: Objects, key: str, oid: str, touches: list[Touch], removals: Removals) -> None:
    paste = Paste.objects.select_for_update().filter(key=key).first()
    is_pending = Change.objects.filter(key=key, settled_at=None).exists()
    if are_purged([key]):
        return  # gitsync.purging sees to it.
    if paste is None:
        if oid:
            refuse_purged(objects, [*(touch.oid for touch in touches), oid])
            restore_one(objects, key, oid, touches)
            logger.info("read in: %s is new", key)
    elif not belongs(paste):
        if oid and not is_pending:
            outbox.add(key, Kind.REMOVE, None)  # What is off the site does not come back through Git.
    elif oid:
        revise(objects, paste, oid, touches, is_pending=is_pending)
    elif not is_pending:
        if removals is Removals.UNDO:
            outbox.add(key, Kind.RESTORE, paste.head)
        else:
            writing.hide(paste)
            logger.info("read in: %s is removed", key)


def _read_file(objects: Objects, path: str, oid: str, touches: Touches) -> None:
    """Make a paste of a file at the root; its commit takes the file away from there."""
    last = touches.of(path)[-1]
    content = objects.blob(oid, settings.PASTEUR_MAX_BYTES)
    if content is None:
        raise DamagedError(f"it is longer than the {settings.PASTEUR_MAX_BYTES} bytes of PASTEUR_MAX_BYTES")
    if key := purged.key_of(content):
        logger.warning("a file at the root has a text that was purged with %s", key)
        purged.come_back(key, path)
        return
    (file,) = folders.files(folders.NO_METADATA, {path: content})
    kept = Kept(key=keys.draw(), created_at=last.written_at, author=author_of(last))
    paste = restoring.put_back(kept, [Edition(1, last.written_at, [replace(file, language="")])])
    outbox.add(paste.key, Kind.PUBLISH, 1, at=last.written_at, moved_from=path)
    logger.info("read in: a file at the root is %s", paste.key)
