"""Reads in what others have pushed: edits become revisions, new folders and files pastes, removed folders go.

What the database already knows is not touched, whoever says it again. What cannot be a paste is logged and left alone.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from itertools import chain, islice
from time import monotonic, sleep

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, transaction

from gitsync import watchdog
from gitsync.compare import differences
from gitsync.compare.key_buckets import pastes
from gitsync.errors import GitsyncError, RemoteTimeoutError, TooManyRemovedError
from gitsync.format import tree
from gitsync.inbound import metadata
from gitsync.inbound.apply_edit import revise
from gitsync.inbound.metadata import DamagedError
from gitsync.inbound.paste_history import author_of, refuse_purged, restore_one
from gitsync.inbound.path_history import Touch, sort
from gitsync.models import Change, Kind
from gitsync.monitoring.drain_report import read_in
from gitsync.outbox import outbox
from gitsync.outbox.eligibility import is_on_site, mirrored
from gitsync.purge import requests
from gitsync.repository import history
from gitsync.repository.history import CommitInfo, Objects
from gitsync.repository.process import stop_requested
from gitsync.repository.repository import Repository
from pastes.errors import RefusedError
from pastes.lifecycle import restoring, writing
from pastes.lifecycle.draft import Draft, NewRevision
from pastes.lifecycle.erasing import are_purged
from pastes.models import File, Paste
from pastes.rules import keys, languages
from pastes.storage.write_lock import write_lock

logger = logging.getLogger(__name__)

#: So many pastes may always be removed by others at once; beyond that, one in a hundred.
REMOVE_FREELY = 100
#: So many are tried in one transaction, unless it takes longer than this.
_AT_ONCE, _SECONDS = 100, 0.25
_PAUSE_SECONDS = 0.02
_TELL_EVERY = 1_000
_LOOK_UP = 200
_ROOT_BYTES = 16 * 1024 * 1024


class Removals(Enum):
    """What to do when others have removed very many pastes."""

    ASK = "ask"
    ACCEPT = "accept"
    UNDO = "undo"


def read(
    clone: Repository, old: str, new: str, removals: Removals = Removals.ASK, done: Callable[[], object] = lambda: None
) -> None:
    """Take over what differs at `new` from `old`, which it goes on from; without an old one, what is unknown here.

    Others write in between, since it is read a batch at a time; `done` runs in the transaction of the last one. What
    was read before a crash can be read again. Raises TooManyRemovedError before anything is read.
    """
    if old and new:
        _consider(clone, old, new, removals)
    found = _differences(clone, old, new) if old and new else _unknown(clone, new)
    first = next(found, None)
    if first is None:
        with write_lock(), transaction.atomic():
            done()
        return
    told = _told(clone, f"{old}..{new}" if old else new)
    with sort(told, history.commit(clone, new)) as touches, history.objects(clone) as objects:

        def attempt(name: str, oid: str) -> None:
            if keys.can_be(name):
                _attempt(name, lambda: _read_folder(objects, name, oid, touches.of(name), removals))
            else:
                _attempt(name, lambda: _read_file(objects, name, oid, touches.of(name)[-1]))

        _in_batches(chain([first], found), attempt, done)


def _in_batches(
    found: Iterator[tuple[str, str]], attempt: Callable[[str, str], None], done: Callable[[], object]
) -> None:
    """Attempt each thing that was found, few in one transaction, so that nobody who wants to write waits for long."""
    left: deque[tuple[str, str]] = deque()
    count = 0
    while True:
        left.extend(islice(found, _AT_ONCE - len(left)))
        is_last, before = len(left) < _AT_ONCE, len(left)
        with write_lock(), transaction.atomic():
            until = monotonic() + _SECONDS
            while left and monotonic() < until:
                watchdog.beat()
                attempt(*left.popleft())
            if is_last and not left:
                done()
                return
        if (count + before - len(left)) // _TELL_EVERY > count // _TELL_EVERY:
            logger.info("reading in what others have pushed: %d folders and files so far", count + before - len(left))
        count += before - len(left)
        if stop_requested.is_set():
            raise RemoteTimeoutError("the worker was asked to stop")
        sleep(_PAUSE_SECONDS)  # Who waits for the turn would not get it, were it taken again at once.


def _differences(clone: Repository, old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield the pastes' folders that are not as before, by key, and the new or changed files at the root."""
    for path, mode, oid in history.differences(clone, old, new):
        if path.count("/") == 3 and (key := tree.key_of(f"{path}/")) and keys.can_be(key):
            yield key, oid if mode == history.TREE else ""
        elif oid and mode in history.REGULAR and _is_loose(path):
            yield path, oid


def _told(clone: Repository, revisions: str) -> Iterator[tuple[CommitInfo, str, str]]:
    """Yield (commit, key or path, id) for each folder of a paste, and file at the root, that a range touches."""
    for told, path, mode, _, oid in history.paths(clone, revisions):
        if path.count("/") == 3 and (key := tree.key_of(f"{path}/")):
            yield told, key, oid if mode == history.TREE else ""
        elif _is_loose(path):
            yield told, path, oid


def _is_loose(path: str) -> bool:
    """Whether a file lies at the root as a paste: with an ending that tells its language, and no sign of the road."""
    if "/" in path:
        return False
    stem, _, ending = path.rpartition(".")
    is_known = ending.lower() == "txt" or languages.of_file(path) is not languages.PLAIN
    return bool(stem) and is_known and stem.casefold() not in {"readme", "license", "contributing"}


def _unknown(clone: Repository, tip: str) -> Iterator[tuple[str, str]]:
    """Yield the folders of pastes that the database has not, or not like that, by key, and the files at the root."""
    if not tip:
        return
    at_tip = pastes(clone, tip)
    while some := dict(islice(at_tip, _LOOK_UP)):
        known = set(Paste.objects.filter(key__in=some).values_list("key", flat=True))
        ours = dict(differences.told(mirrored().filter(key__in=known).order_by("pk")))
        yield from ((key, oid) for key, oid in some.items() if key not in known or ours.get(key, oid) != oid)
    yield from loose(clone, tip)


def loose(clone: Repository, tip: str) -> Iterator[tuple[str, str]]:
    """Yield (path, id) for every file that lies at the root of a commit as a paste."""
    if not tip:
        return
    with history.objects(clone) as objects:
        for entry in objects.tree(f"{tip}^{{tree}}", _ROOT_BYTES) or []:
            if entry.is_file and _is_loose(entry.name):
                yield entry.name, entry.oid


def _consider(clone: Repository, old: str, new: str, removals: Removals) -> None:
    if removals is not Removals.ASK:
        return
    with history.objects(clone) as objects:
        gone = sum(_is_gone(objects, name, oid) for name, oid in _differences(clone, old, new))
    total = mirrored().count() if gone > REMOVE_FREELY else 0
    if total and gone > max(REMOVE_FREELY, total // 100):
        raise TooManyRemovedError(f"{gone} of {total} pastes were removed from Git by somebody else")


def _is_gone(objects: Objects, name: str, oid: str) -> bool:
    """Whether nothing is left in a paste's folder, or nothing but metadata: who deletes all texts removes the paste."""
    return not oid or (keys.can_be(name) and [entry.name for entry in objects.tree(oid) or ()] == [tree.METADATA])


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
            read_in("%s is new", key)
    elif not is_on_site(paste):
        if oid and not is_pending:
            outbox.add(key, Kind.REMOVE, None)  # What is off the site does not come back through Git.
    elif not _is_gone(objects, key, oid):
        revise(objects, paste, oid, touches, is_pending=is_pending)
    elif not is_pending:
        if removals is Removals.UNDO:
            outbox.add(key, Kind.RESTORE, paste.head)
        else:
            writing.hide(paste)
            read_in("%s is removed", key)


def _read_file(objects: Objects, path: str, oid: str, last: Touch) -> None:
    """Make a paste of a file at the root; its commit takes the file away from there.

    Its key follows from the commit that has put it there, so that it is the same paste for whoever reads it again.
    """
    key = keys.derived(f"{last.commit} {path}")
    moving = Change.objects.filter(moved_from=path, settled_at=None).values("key")
    is_moving = File.objects.filter(revision__paste__key__in=moving, oid=oid).exists()
    if is_moving or are_purged([key]) or Paste.objects.filter(key=key).exists():
        return
    content = objects.blob(oid, settings.PASTEUR_MAX_BYTES)
    if content is None:
        raise DamagedError(f"it is longer than the {settings.PASTEUR_MAX_BYTES} bytes of PASTEUR_MAX_BYTES")
    if other := requests.purged_key_of(content):
        logger.warning("a file at the root has a text that was purged with %s", other)
        requests.request_file_purge(other, path)
        return
    (file,) = metadata.files(metadata.NO_METADATA, {path: content})
    revision = NewRevision(1, last.written_at, [replace(file, language="")])
    paste = restoring.restore(Draft(author=author_of(last)), [revision], key=key, created_at=last.written_at)
    outbox.add(paste.key, Kind.PUBLISH, 1, at=last.written_at, moved_from=path)
    read_in("a file at the root is %s", paste.key)
