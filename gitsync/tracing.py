"""Finds in a history what purged pastes have left there, in memory that does not grow with the number of pastes."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, cast

from django.conf import settings
from django.db.models import QuerySet

from gitsync import heartbeat, history, purged, tree
from gitsync.errors import CloneBrokenError
from gitsync.mirror import Clone
from gitsync.models import Change, Kind
from gitsync.processes import feed
from gitsync.traces import Traces, unquoted
from pastes.models import File, blob_oid

#: So many commits are asked about by one process, which remembers them.
_COMMITS_AT_ONCE = 50_000
_RAW = ("-r", "-m", "--root", "--raw", "--no-abbrev", "--no-renames")
_TOLD = "--format=%x00%(trailers:key=Pasteur-Key,valueonly,separator=%x20)"
_NOTHING, _SUBMODULE = b"0" * 40, b"160000"
#: Many files are empty, and that says nothing.
_EMPTY = blob_oid(b"").encode()


@dataclass(frozen=True)
class _Row:
    """What a commit has at a path that its parent has not; the id is zeros where it takes something away."""

    path: bytes
    mode: bytes
    oid: bytes


@dataclass
class _Found:
    """The files at the root that pastes were made of, and the ids of their texts, each with a key of a paste."""

    root_files: dict[bytes, str] = field(default_factory=dict)
    oids: dict[bytes, str] = field(default_factory=dict)


def find(clone: Clone, tip: str, keys: Sequence[str]) -> Traces:
    """Return what a complete history has of these pastes, and have their texts remembered.

    These are their folders, the files at the root that they were made of, and all texts that ever lay at either, for
    wherever else those may be. A text from the root that is another paste's is not looked for elsewhere. Of a file into
    which a text was put after it had been purged, that text is meant alone.
    """
    folders = {tree.folder(key).encode(): key for key in keys}
    moved = Change.objects.filter(key__in=keys).exclude(moved_from="")
    found = _Found(_by_path(moved.exclude(kind=Kind.REMOVE)))
    _look_into(clone, tip, folders, found)
    at_root = _ever_at(clone, tip, found.root_files)
    others = File.objects.filter(oid__in=[oid.decode() for oid in at_root]).exclude(revision__paste__key__in=keys)
    theirs = {oid.encode() for oid in others.values_list("oid", flat=True)}
    found.oids |= {oid: key for oid, key in at_root.items() if oid not in theirs and oid not in found.oids}
    found.oids |= _put_back(clone, tip, _by_path(moved.filter(kind=Kind.REMOVE)))
    _remember(clone, found.oids)
    return Traces(folders.keys(), found.root_files.keys(), found.oids.keys())


def occurrences(clone: Clone, traces: Traces, *revisions: str) -> Generator[tuple[str, str]]:
    """Yield (commit, path) for each commit of a range that brings something of them anywhere, parents first."""
    with clone.reading("rev-list", "--topo-order", "--reverse", *revisions) as process:
        commits = cast("IO[bytes]", process.stdout)
        while some := list(islice(commits, _COMMITS_AT_ONCE)):
            yield from _occurrences(clone, traces, some)
        if process.wait():
            raise CloneBrokenError("git rev-list could not read the history")


def _occurrences(clone: Clone, traces: Traces, commits: Sequence[bytes]) -> Iterator[tuple[str, str]]:
    with clone.reading("diff-tree", "--stdin", *_RAW, "--format=%H") as process:
        feed(process, b"".join(commits))
        commit = ""
        for line in cast("IO[bytes]", process.stdout):
            if row := _row(line):
                if row.oid != _NOTHING and traces.are_at(row.path, row.oid):
                    yield commit, unquoted(row.path).decode(errors="replace")
            elif line.strip():
                heartbeat.beat()
                commit = line.decode().strip()
        if process.wait():
            raise CloneBrokenError("git diff-tree could not read the history")


def _look_into(clone: Clone, tip: str, folders: Mapping[bytes, str], found: _Found) -> None:
    """Find what ever lay in folders, and the files at the root that commits of their pastes have moved there.

    Changes name these as well, but not those of a database that was restored, or of another site.
    """
    told = b""
    for line in _log(clone, tip, [folder.decode() for folder in folders], "--full-diff", _TOLD):
        row = _row(line)
        if row is None:
            told = line.strip(b"\0\n") if line.startswith(b"\0") else told
        elif key := folders.get(b"/".join(unquoted(row.path).split(b"/", 4)[:4])):
            if _is_text(row):
                found.oids.setdefault(row.oid, key)
        elif row.oid == _NOTHING and b"/" not in row.path and tree.folder(told.decode()).encode() in folders:
            found.root_files.setdefault(unquoted(row.path), told.decode())


def _by_path(changes: QuerySet[Change]) -> dict[bytes, str]:
    return {path.encode(): key for path, key in changes.values_list("moved_from", "key")}


def _put_back(clone: Clone, tip: str, files: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of texts that were purged and that these files have ever had."""
    ever = _ever_at(clone, tip, files)
    with history.objects(clone) as objects:
        texts = ((oid, objects.blob(oid.decode(), settings.PASTEUR_MAX_BYTES)) for oid in ever)
        return {oid: ever[oid] for oid, text in texts if text and purged.key_of(text)}


def _ever_at(clone: Clone, tip: str, files: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of all that ever was in these files."""
    paths = [path.decode(errors="surrogateescape") for path in files]
    rows = filter(None, map(_row, _log(clone, tip, paths, "--format=") if paths else ()))
    return {row.oid: files[unquoted(row.path)] for row in rows if unquoted(row.path) in files and _is_text(row)}


def _log(clone: Clone, tip: str, paths: Sequence[str], *options: str) -> Iterator[bytes]:
    literally = [f":(literal){path}" for path in paths]
    with clone.reading("log", "--full-history", "--no-show-signature", *_RAW, *options, tip, "--", *literally) as log:
        for line in cast("IO[bytes]", log.stdout):
            heartbeat.beat()
            yield line
        if log.wait():
            raise CloneBrokenError("git log could not read the history")


def _row(line: bytes) -> _Row | None:
    if not line.startswith(b":"):
        return None
    facts, _, path = line.rstrip(b"\n").partition(b"\t")
    _, mode, _, oid, _ = facts.split(b" ")
    return _Row(path, mode, oid)


def _is_text(row: _Row) -> bool:
    return row.oid not in {_NOTHING, _EMPTY} and row.mode != _SUBMODULE


def _remember(clone: Clone, oids: Mapping[bytes, str]) -> None:
    with history.objects(clone) as objects:
        for oid, key in oids.items():
            if content := objects.blob(oid.decode(), settings.PASTEUR_MAX_BYTES):
                purged.remember(key, [content])
