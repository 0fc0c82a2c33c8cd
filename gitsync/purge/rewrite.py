"""Rewrites a branch's history without purged pastes, as if they had never been committed.

All pending purges share one rewrite. If a commit also changes other paths, only the purged ones are removed from it. A
commit that only concerns purged pastes is dropped, because its subject and author come from the paste. Commits before
the first occurrence of purged content keep their ids.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from time import sleep
from typing import IO, cast

from django.db import connection, transaction
from django.utils import timezone

from gitsync import watchdog
from gitsync.errors import CloneBrokenError, PurgeIncompleteError, RemoteMovedError, RemoteTimeoutError
from gitsync.models import Change, Purge
from gitsync.purge import malformed_commits
from gitsync.purge.commit_map import CommitMap
from gitsync.purge.occurrences import PurgedContent, find_content, occurrences
from gitsync.purge.requests import is_any_due
from gitsync.purge.stream_filter import StreamFilter
from gitsync.remote import partial_clone
from gitsync.remote.git_remote import Remote
from gitsync.repository import history, housekeeping
from gitsync.repository.batches import in_batches
from gitsync.repository.process import stop_requested
from gitsync.repository.repository import TIP_REF, Repository
from pastes.storage.write_lock import write_lock

logger = logging.getLogger(__name__)

_OLD_REF = "refs/pasteur/before"
#: The number of first-parent commits that one pair of Git processes rewrites and keeps in memory.
_CHUNK_COMMITS = 20_000
#: The number of rows in one transaction, and the pause after it that lets other writers in.
_ROWS_PER_TRANSACTION = 2_000
_PAUSE_SECONDS = 0.01
_EXPORT = (
    *("fast-export", "--no-data", "--show-original-ids", "--reference-excluded-parents", "--reencode=no"),
    *("--signed-tags=strip", "--no-renames"),
)
_IMPORT = ("fast-import", "--quiet", "--force", "--done", "--date-format=raw-permissive")


@dataclass(frozen=True)
class Rewritten:
    """A history without the pastes of `keys`. `commit_map` is None if the history contained none of them.

    `size_bytes` estimates how much a push sends to a remote that has the old history and all blobs.
    """

    keys: Sequence[str]
    tip: str
    commit_map: CommitMap | None = None
    size_bytes: int = 0


def rewrite(remote: Remote, clone: Repository, tip: str) -> Rewritten:
    """Return the history of `tip` without the pastes of any pending purge, or `tip` itself if it contains none of them.

    After a failure, nothing happens until the retry is due or another purge is requested. A partial clone is completed
    first. No branch is moved. Raise PurgeIncompleteError if the new history still contains purged content, and
    RemoteMovedError if the remote no longer has `tip`.
    """
    keys = list(Purge.objects.pending().values_list("key", flat=True)) if is_any_due() else []
    if not keys or not tip:
        return Rewritten(keys, tip)
    if partial_clone.is_shallow(clone):
        remote.unshallow(clone)
        if not clone.has(tip):
            raise RemoteMovedError("the branch moved while its history was fetched")
    content = find_content(clone, tip, keys)
    with closing(occurrences(clone, content, tip)) as matches:
        first_commit, _ = next(matches, ("", ""))
    if not first_commit:
        return Rewritten(keys, tip)
    parents = clone.ask("rev-parse", f"{first_commit}^@").decode().split()
    size_before = _pack_bytes(clone)
    with malformed_commits.replaced(clone, tip, *(f"^{parent}" for parent in parents)):
        new_tip, commit_map = _rewrite_chunks(clone, tip, parents, StreamFilter(keys, content))
    size_bytes = max(_pack_bytes(clone) - size_before, 1)
    _verify(clone, content, new_tip, parents)
    return Rewritten(keys, new_tip, commit_map, size_bytes)


def _rewrite_chunks(
    clone: Repository, tip: str, parents: Sequence[str], stream_filter: StreamFilter
) -> tuple[str, CommitMap]:
    """Rewrite the history above `parents` chunk by chunk, oldest first; return the new tip and the new commit ids."""
    commit_map, excluded = CommitMap(), list(parents)
    for chunk_tip in history.chunks(clone, tip, _CHUNK_COMMITS, *parents):
        clone.ask("update-ref", _OLD_REF, chunk_tip)
        filtered = partial(stream_filter.apply, replacement=commit_map.replacement, is_last=chunk_tip == tip)
        oids = _rewrite_chunk(clone, excluded, filtered)
        commit_map.add(
            (commit.original, oids.get(commit.replacement, commit.replacement), commit.change)
            for commit in stream_filter.commits
        )
        stream_filter.tip = oids.get(stream_filter.tip, stream_filter.tip)
        excluded = [*parents, chunk_tip]
    clone.ask("update-ref", "-d", _OLD_REF)
    return stream_filter.tip, commit_map


def _rewrite_chunk(
    clone: Repository, excluded: Sequence[str], filtered: Callable[[IO[bytes]], Iterator[bytes]]
) -> dict[str, str]:
    """Export, filter and import the commits of _OLD_REF not reachable from `excluded`.

    Return the new ids, keyed by mark.
    """
    marks = clone.path / "pasteur-marks"
    marks.unlink(missing_ok=True)
    fast_export = (*_EXPORT, _OLD_REF, *(f"^{commit}" for commit in excluded))
    with clone.reading(*fast_export) as source, clone.reading(*_IMPORT, f"--export-marks={marks}") as target:
        stdin = cast("IO[bytes]", target.stdin)
        try:
            for piece in filtered(cast("IO[bytes]", source.stdout)):
                stdin.write(piece)
                watchdog.beat()
                if stop_requested.is_set():
                    raise RemoteTimeoutError("the worker was asked to stop")
            stdin.write(b"done\n")
            stdin.close()
        except BrokenPipeError:
            pass  # fast-import exited early; its exit status is checked below.
        if source.wait() or target.wait():
            raise CloneBrokenError("git could not rewrite the history")
    lines = marks.read_text(encoding="ascii").splitlines() if marks.is_file() else []
    return dict(line.split() for line in lines)


def _pack_bytes(clone: Repository) -> int:
    return sum(pack.stat().st_size for pack in clone.path.glob("objects/pack/*.pack"))


def _verify(clone: Repository, content: PurgedContent, tip: str, parents: Sequence[str]) -> None:
    """Raise PurgeIncompleteError if a commit between `parents` and `tip` still contains purged content.

    The `parents` precede the first occurrence, so they need no check.
    """
    with closing(occurrences(clone, content, tip, *(f"^{parent}" for parent in parents))) as matches:
        match = next(matches, None)
    if match:
        commit, path = match
        raise PurgeIncompleteError(f"the commit {commit} of the new history still has {path}")
    logger.info("purged %d pastes from the history", len(content.folders))


def record_commits(rewritten: Rewritten) -> None:
    """Store the new commit ids in the outbox, in batches.

    If this is interrupted by a crash, nothing is lost: the next drain finds each commit again by the change recorded in
    it. Raise RemoteTimeoutError if the worker is asked to stop.
    """
    if rewritten.commit_map:
        _record_named_commits(rewritten.commit_map)
        if rewritten.commit_map.has_unnamed():
            _record_unnamed_commits(rewritten.commit_map)
    for keys in in_batches(rewritten.keys, _ROWS_PER_TRANSACTION):
        Change.objects.filter(key__in=keys).exclude(commit="").update(commit="")


def _record_named_commits(commit_map: CommitMap) -> None:
    for batch in in_batches(commit_map.changes(), _ROWS_PER_TRANSACTION):
        parsed = ((Change.parse_name(change), old, new) for change, old, new in batch)
        rows = [(new, *name, old) for name, old, new in parsed if name]
        _update('UPDATE gitsync_change SET "commit" = %s WHERE key = %s AND number = %s AND "commit" = %s', rows)


def _record_unnamed_commits(commit_map: CommitMap) -> None:
    """Update rows whose commit records no change, as in a squashed history."""
    for batch in in_batches(_rows_with_commit(), _ROWS_PER_TRANSACTION):
        replaced = [(new, pk, old) for pk, old in batch if (new := commit_map.replacement(old)) != old]
        if replaced:
            _update('UPDATE gitsync_change SET "commit" = %s WHERE id = %s AND "commit" = %s', replaced)


def _rows_with_commit() -> Iterator[tuple[int, str]]:
    """Yield (primary key, commit), by queries that hold no cursor while other statements run."""
    rows, last = Change.objects.exclude(commit="").order_by("pk").values_list("pk", "commit"), 0
    while batch := list(rows.filter(pk__gt=last)[:_ROWS_PER_TRANSACTION]):
        yield from batch
        last = batch[-1][0]


def _update(statement: str, rows: Sequence[tuple[str | int, ...]]) -> None:
    """Run a statement for each row in one transaction, and give other writers their turn."""
    with write_lock(), transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(statement, rows)
    sleep(_PAUSE_SECONDS)


def finish(rewritten: Rewritten, remote: Remote, clone: Repository, tip: str) -> None:
    """Delete everything not reachable from `tip` from the clone and the default remote; mark the purges as done."""
    if not rewritten.keys:
        return
    remote.prune()
    for ref in clone.ask("for-each-ref", "--format=%(refname)").decode().split():
        clone.ask("update-ref", "-d", ref)
    if tip:
        clone.ask("update-ref", TIP_REF, tip)
    housekeeping.prune_unreachable(clone)
    for keys in in_batches(rewritten.keys, _ROWS_PER_TRANSACTION):
        Purge.objects.filter(key__in=keys).update(
            done_at=timezone.now(), tries=0, retry_at=None, error_code="", error=""
        )
