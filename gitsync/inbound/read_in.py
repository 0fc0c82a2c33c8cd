"""Imports what others have pushed: edits become revisions, new folders and root files pastes; deletions hide pastes.

Content that is already in the database is skipped. Content that cannot become a paste is skipped and logged.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from time import monotonic, sleep

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction

from gitsync import watchdog
from gitsync.errors import GitsyncError, RemoteTimeoutError
from gitsync.format import tree
from gitsync.inbound import metadata
from gitsync.inbound.apply_edit import apply_edit
from gitsync.inbound.candidates import Candidate, changed_candidates, commits_by_candidate, missing_candidates
from gitsync.inbound.metadata import DamagedError
from gitsync.inbound.paste_folder import refuse_purged_texts
from gitsync.inbound.paste_history import author_of, restore_paste
from gitsync.inbound.path_history import PathHistory, Touch, index_by_path
from gitsync.inbound.removals import ALLOWED_REMOVALS, Removals, check_limit
from gitsync.models import Change, Kind
from gitsync.monitoring import drain_report
from gitsync.outbox import outbox
from gitsync.outbox.eligibility import is_on_site
from gitsync.purge import requests
from gitsync.repository import history
from gitsync.repository.history import Objects
from gitsync.repository.process import stop_requested
from gitsync.repository.repository import Repository
from pastes.errors import RefusedError
from pastes.lifecycle import restoring, writing
from pastes.lifecycle.draft import Draft, NewRevision
from pastes.lifecycle.erasing import are_purged
from pastes.models import File, Paste
from pastes.rules import keys
from pastes.storage import database_errors
from pastes.storage.write_lock import write_lock

logger = logging.getLogger(__name__)

#: A transaction ends after this many candidates, or after this many seconds.
_BATCH_SIZE, _BATCH_SECONDS = 100, 0.25
#: The pause after a transaction; a writer waiting for the lock would not get it if it were reacquired immediately.
_PAUSE_SECONDS = 0.02
_LOG_EVERY = 1_000


def import_pushed(
    clone: Repository,
    old: str,
    new: str,
    removals: Removals = Removals.ASK,
    on_last_batch: Callable[[], object] = lambda: None,
) -> None:
    """Store the differences between `new` and its ancestor `old`; if `old` is empty, whatever the database lacks.

    The work is split into short transactions so that others can write in between; `on_last_batch` runs in the last one.
    After a crash, it is safe to import the same range again. Raises TooManyRemovedError before anything is stored.
    """
    if old and new:
        check_removals(clone, old, new, removals)
        candidates = changed_candidates(clone, old, new)
    else:
        candidates = missing_candidates(clone, new)
    first_candidate = next(candidates, None)
    if first_candidate is None:  # Avoid reading the history, which may be long.
        with write_lock(), transaction.atomic():
            on_last_batch()
        return
    commits = commits_by_candidate(clone, f"{old}..{new}" if old else new)
    with index_by_path(commits, history.commit(clone, new)) as path_history, history.objects(clone) as objects:
        read = partial(_read_candidate, objects, path_history, removals)
        _run_in_batches(chain([first_candidate], candidates), read, on_last_batch)


def check_removals(clone: Repository, old: str, new: str, removals: Removals) -> None:
    """Raise TooManyRemovedError if `read_in` would remove too many pastes."""
    if removals is not Removals.ASK or not old or not new:
        return
    with history.objects(clone) as objects:
        removed = {c.name for c in changed_candidates(clone, old, new) if _is_deleted(objects, c)}
    if len(removed) > ALLOWED_REMOVALS:
        commits = commits_by_candidate(clone, f"{old}..{new}")
        removed -= {name for commit, name, oid in commits if commit.kind == Kind.PRUNE and not oid}
    check_limit(len(removed), removals)


def _is_deleted(objects: Objects, candidate: Candidate) -> bool:
    """Return whether a folder is gone or contains only metadata."""
    if not candidate.oid:
        return True
    return candidate.is_folder and [row.name for row in objects.tree(candidate.oid) or ()] == [tree.METADATA]


def _run_in_batches(
    candidates: Iterator[Candidate], read: Callable[[Candidate], None], on_last_batch: Callable[[], object]
) -> None:
    """Import all candidates in short transactions, so that other writers are not kept waiting."""
    queue = deque[Candidate]()
    count = 0
    while True:
        queue.extend(islice(candidates, _BATCH_SIZE - len(queue)))
        queued, is_last = len(queue), len(queue) < _BATCH_SIZE
        with write_lock(), transaction.atomic():
            deadline = monotonic() + _BATCH_SECONDS
            while queue and monotonic() < deadline:
                watchdog.beat()
                read(queue.popleft())
            if is_last and not queue:
                on_last_batch()
                return
        previous, count = count, count + queued - len(queue)
        if count // _LOG_EVERY > previous // _LOG_EVERY:
            logger.info("importing what others have pushed: %d folders and files so far", count)
        if stop_requested.is_set():
            raise RemoteTimeoutError("the worker was asked to stop")
        sleep(_PAUSE_SECONDS)


def _read_candidate(objects: Objects, path_history: PathHistory, removals: Removals, candidate: Candidate) -> None:
    """Store one candidate, or log why it is skipped, so that one bad paste does not stop all the others."""
    name = candidate.name.encode("ascii", "replace").decode()
    touches = path_history.of(candidate.name)
    try:
        with transaction.atomic():
            if candidate.is_folder:
                _read_folder(objects, candidate, touches, removals)
            else:
                _read_root_file(objects, candidate, touches[-1])
    except DamagedError as damaged:
        logger.warning("%s in Git is skipped: %s", name, damaged)
    except RefusedError as refused:
        logger.warning("%s in Git is skipped: %s", name, refused.message)
    except IntegrityError:
        logger.warning("%s in Git is skipped: another paste has its old code", name)
    except DatabaseError as error:
        if not database_errors.is_about_data(error):
            raise  # As below.
        logger.warning("%s in Git is skipped: the database does not accept it: %s", name, error)
    except (GitsyncError, OSError, MemoryError):
        raise  # The paste is not the cause; the next drain tries it again.
    except Exception:  # An unforeseen error must not let anyone with push access stop the mirror.
        logger.exception("%s in Git is skipped: importing it failed unexpectedly", name)


def _read_folder(objects: Objects, candidate: Candidate, touches: Sequence[Touch], removals: Removals) -> None:
    key, tree_oid = candidate
    paste = Paste.objects.select_for_update().filter(key=key).first()
    is_pending = Change.objects.filter(key=key, settled_at=None).exists()
    if are_purged([key]):
        return  # gitsync.purge.reappearance purges it again.
    if paste is None:
        if tree_oid:
            refuse_purged_texts(objects, [*(touch.oid for touch in touches), tree_oid])
            restore_paste(objects, key, tree_oid, touches)
            drain_report.add_imported("%s is new", key)
    elif not is_on_site(paste):
        if tree_oid and not is_pending:
            outbox.add(key, Kind.REMOVE, None)  # A push does not republish a paste that is no longer on the site.
    elif not _is_deleted(objects, candidate):
        apply_edit(objects, paste, tree_oid, touches, is_pending=is_pending)
    elif not is_pending and (removals is Removals.UNDO or touches[-1].kind == Kind.PRUNE):
        # Another site pruned what only Git had, as far as it knew. This site has the paste, too.
        outbox.add(key, Kind.RESTORE, paste.head)
    elif not is_pending:
        writing.hide(paste)
        drain_report.add_imported("%s is removed", key)


def _read_root_file(objects: Objects, candidate: Candidate, touch: Touch) -> None:
    """Publish a root file as a paste; the commit of the paste deletes the root file.

    The key is derived from the commit that added the file, so that every site and every attempt creates the same paste.
    """
    path, oid = candidate
    key = keys.derived(f"{touch.commit} {path}")
    pending_moves = Change.objects.filter(moved_from=path, settled_at=None).values("key")
    is_moving = File.objects.filter(revision__paste__key__in=pending_moves, oid=oid).exists()
    if is_moving or are_purged([key]) or Paste.objects.filter(key=key).exists():
        return
    content = objects.blob(oid, settings.PASTEUR_MAX_BYTES)
    if content is None:
        raise DamagedError(f"it exceeds PASTEUR_MAX_BYTES ({settings.PASTEUR_MAX_BYTES} bytes)")
    if purged_key := requests.purged_key_of(content):
        logger.warning("a file at the root contains content that was purged with %s", purged_key)
        requests.request_file_purge(purged_key, path)
        return
    (file,) = metadata.build_files(metadata.NO_METADATA, {path: content})
    revision = NewRevision(1, touch.written_at, [replace(file, language="")])
    restoring.restore(Draft(author=author_of(touch)), [revision], key=key, created_at=touch.written_at)
    outbox.add(key, Kind.PUBLISH, 1, at=touch.written_at, moved_from=path)
    drain_report.add_imported("a file at the root is %s", key)
