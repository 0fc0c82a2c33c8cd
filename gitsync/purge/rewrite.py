"""Rewrites a branch's history without the pastes that are purged, as if they had never been committed.

Many purges share one rewrite. What is left of a commit that touched other things as well stays; one that spoke of a
purged paste alone goes, since its subject and its author are the paste's, too. History before the first such commit
keeps its ids.
"""

import logging
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import sleep
from typing import IO, cast

from django.db import connection, transaction
from django.utils import timezone

from gitsync import watchdog
from gitsync.errors import CloneBrokenError, PurgeIncompleteError, RemoteMovedError, RemoteTimeoutError
from gitsync.format import tree
from gitsync.models import Change, Purge
from gitsync.purge import find_occurrences
from gitsync.purge.commit_map import Renamed
from gitsync.purge.occurrences import Traces
from gitsync.purge.requests import is_any_due
from gitsync.purge.stream_filter import Filter
from gitsync.remote import partial_clone
from gitsync.remote.git_remote import Remote
from gitsync.repository import history
from gitsync.repository.process import stop_requested
from gitsync.repository.repository import TIP_REF, Repository
from pastes.storage.write_lock import turn

logger = logging.getLogger(__name__)

_OLD_REF = "refs/pasteur/before"
#: So many commits, and what others have merged into them, are rewritten by one process, which remembers them.
_STRETCH = 20_000
#: So many rows are written in one transaction, and between two of them others may write.
_AT_ONCE = 2_000
_PAUSE_SECONDS = 0.01


@dataclass
class Rewritten:
    """A history without the pastes of `keys`, and what stands in it for the commits that were made anew.

    `size_bytes` is about what a remote has to be sent, which has the old history and all texts.
    """

    keys: Sequence[str]
    tip: str
    renamed: Renamed | None = None
    size_bytes: int = 0


def rewrite(remote: Remote, clone: Repository, tip: str) -> Rewritten:
    """Return the history of `tip` without all pastes that wait for being purged; the same tip when it has none.

    Where the last try has failed, nothing is done before the time for the next one, or before another one is purged.
    A clone that was started thin gets all of the history first. Raises PurgeIncompleteError when something of them can
    still be reached, and touches no branch; RemoteMovedError when the remote does not have `tip` any more.
    """
    keys = list(Purge.objects.waiting().values_list("key", flat=True)) if is_any_due() else []
    if not keys or not tip:
        return Rewritten(keys, tip)
    if partial_clone.is_thin(clone):
        remote.complete(clone)
        if not clone.has(tip):
            raise RemoteMovedError("the branch moved while its history was fetched")
    traces = find_occurrences.find(clone, tip, keys)
    with closing(find_occurrences.occurrences(clone, traces, tip)) as touching:
        first, _ = next(touching, ("", ""))
    if not first:
        return Rewritten(keys, tip)
    parents = clone.ask("rev-parse", f"{first}^@").decode().split()
    before = _bytes_in(clone)
    found = Rewritten(keys, *_rewritten(clone, tip, parents, Filter(keys, traces)))
    found.size_bytes = max(_bytes_in(clone) - before, 1)
    _prove(clone, traces, found.tip, parents)
    return found


def done() -> set[str]:
    """Return the keys that have left the history."""
    return set(Purge.objects.exclude(done_at=None).values_list("key", flat=True))


def reopen(clone: Repository, tip: str, told: Set[str]) -> None:
    """Purge again what has come back with a history that somebody else pushed; `told` are the keys that it names."""
    gone = done()
    if not gone:
        return
    there = clone.tree_oids(tip, (tree.folder(key) for key in sorted(gone)))
    back = gone & told
    back |= {key for key in gone if there[tree.folder(key)]}
    if back:
        logger.warning("%d purged pastes have come back and are purged again", len(back))
        Purge.objects.filter(key__in=back).ask_again()


def settle(rewritten: Rewritten) -> None:
    """Note which commits are others now, some at a time; after a crash in between, all are found again by their names.

    Raises RemoteTimeoutError when the worker was asked to stop.
    """
    changes = rewritten.renamed.changes() if rewritten.renamed else iter(())
    while some := list(islice(changes, _AT_ONCE)):
        rows = ((new, *change.rpartition(".")[::2], old) for change, old, new in some)
        with turn(), transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                'UPDATE gitsync_change SET "commit" = %s WHERE key = %s AND number = %s AND "commit" = %s',
                [(new, key, int(number), old) for new, key, number, old in rows if _is_number(number)],
            )
        watchdog.beat()
        if stop_requested.is_set():
            raise RemoteTimeoutError("the worker was asked to stop")
        sleep(_PAUSE_SECONDS)
    if rewritten.renamed and rewritten.renamed.has_others():
        _settle_others(rewritten.renamed)
    Change.objects.filter(key__in=rewritten.keys).update(commit="")


def _settle_others(renamed: Renamed) -> None:
    """Note which commits are others now that were not found by the names of changes, such as a squashed history."""
    known = Change.objects.exclude(commit="").values_list("pk", "commit").iterator(chunk_size=5_000)
    now = ((pk, commit, renamed.now(commit)) for pk, commit in known)
    for pk, new in [(pk, new) for pk, commit, new in now if new != commit]:
        Change.objects.filter(pk=pk).update(commit=new)
        watchdog.beat()


def finish(rewritten: Rewritten, remote: Remote, clone: Repository, tip: str) -> None:
    """Delete from the clone and the default remote what `tip` no longer reaches; only then are the purges done."""
    if not rewritten.keys:
        return
    remote.prune()
    refs = clone.ask("for-each-ref", "--format=%(refname)").decode().split()
    for ref in refs:
        clone.ask("update-ref", "-d", ref)
    if tip:
        clone.ask("update-ref", TIP_REF, tip)
    clone.prune()
    nothing = {"tries": 0, "retry_at": None, "error_code": "", "error": ""}
    Purge.objects.filter(key__in=rewritten.keys).update(done_at=timezone.now(), **nothing)


def _rewritten(clone: Repository, tip: str, parents: Sequence[str], passing: Filter) -> tuple[str, Renamed]:
    """Rewrite the history above `parents` a stretch at a time, the oldest first."""
    renamed, done = Renamed(), list(parents)
    for stop in history.stops(clone, tip, _STRETCH, *parents):
        clone.ask("update-ref", _OLD_REF, stop)
        oids = _rewrite(clone, done, partial(passing.through, now=renamed.now, is_last=stop == tip))
        renamed.add((one.original, oids.get(one.now, one.now), one.change) for one in passing.passed)
        passing.tip = oids.get(passing.tip, passing.tip)
        done = [*parents, stop]
    clone.ask("update-ref", "-d", _OLD_REF)
    return passing.tip, renamed


def _rewrite(clone: Repository, done: Sequence[str], through: Callable[[IO[bytes]], Iterator[bytes]]) -> dict[str, str]:
    """Take out of the clone what _OLD_REF has and `done` has not, filter it, and put it in; return the ids by marks."""
    marks = clone.path / "pasteur-marks"
    marks.unlink(missing_ok=True)
    options = ("--no-data", "--show-original-ids", "--reference-excluded-parents", "--reencode=no")
    signs = ("--signed-tags=strip", "--no-renames")
    taken = ("fast-export", *options, *signs, _OLD_REF, *(f"^{commit}" for commit in done))
    put = ("fast-import", "--quiet", "--force", "--done", "--date-format=raw-permissive", f"--export-marks={marks}")
    with clone.reading(*taken) as source, clone.reading(*put) as target:
        stdin = cast("IO[bytes]", target.stdin)
        try:
            for piece in through(cast("IO[bytes]", source.stdout)):
                stdin.write(piece)
                watchdog.beat()
                if stop_requested.is_set():
                    raise RemoteTimeoutError("the worker was asked to stop")
            stdin.write(b"done\n")
            stdin.close()
        except BrokenPipeError:
            pass  # fast-import has ended already; its status says so.
        if source.wait() or target.wait():
            raise CloneBrokenError("git could not rewrite the history")
    lines = marks.read_text(encoding="ascii").splitlines() if marks.is_file() else []
    return dict(line.split() for line in lines)


def _prove(clone: Repository, traces: Traces, tip: str, parents: Sequence[str]) -> None:
    """Look at everything that `tip` reaches and `parents`, which have nothing of it, do not: nothing is left anywhere.

    What another paste has as well, under its own path, is that one's, and stays.
    """
    with closing(find_occurrences.occurrences(clone, traces, tip, *(f"^{parent}" for parent in parents))) as left:
        for commit, path in left:
            raise PurgeIncompleteError(f"the commit {commit} of the new history still has {path}")
    logger.info("purged %d pastes from the history", len(traces.folders))


def _bytes_in(clone: Repository) -> int:
    return sum(pack.stat().st_size for pack in clone.path.glob("objects/pack/*.pack"))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
