"""Finds in a history what purged pastes have left there, in memory that does not grow with the number of pastes."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import IO, cast

from django.conf import settings
from django.db.models import QuerySet

from gitsync import watchdog
from gitsync.errors import CloneBrokenError
from gitsync.format import tree
from gitsync.models import Change, Kind
from gitsync.purge import requests
from gitsync.purge.occurrences import Traces, unquoted
from gitsync.repository import history
from gitsync.repository.process import feed
from gitsync.repository.repository import Repository
from pastes.models import File, blob_oid

#: So many commits are asked about by one process, which remembers them.
_COMMITS_AT_ONCE = 50_000
_TOP = ("--root", "--raw", "--no-abbrev", "--no-renames")
_RAW = ("-r", "-m", *_TOP)
_TOLD = "--format=%x00%(trailers:key=Pasteur-Key,valueonly,separator=%x20)"
_NOTHING, _SUBMODULE, _FOLDER = b"0" * 40, b"160000", b"040000"
#: Many files are empty, and that says nothing.
_EMPTY = blob_oid(b"").encode()


@dataclass(frozen=True)
class _Row:
    """What a commit has at a path that its parent has not; where it takes something away, the id is zeros.

    `told` is the key in the trailers of the commit, if that was asked for.
    """

    path: bytes
    mode: bytes
    oid: bytes
    told: str = ""


@dataclass
class _Found:
    """The files at the root that pastes were made of, and the ids of their texts, each with a key of a paste."""

    root_files: dict[bytes, str] = field(default_factory=dict)
    oids: dict[bytes, str] = field(default_factory=dict)


def find(clone: Repository, tip: str, keys: Sequence[str]) -> Traces:
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


def occurrences(clone: Repository, traces: Traces, *revisions: str) -> Generator[tuple[str, str]]:
    """Yield (commit, path) for each commit of a range that brings something of them anywhere, parents first."""
    with clone.reading("rev-list", "--topo-order", "--reverse", *revisions) as process:
        commits = cast("IO[bytes]", process.stdout)
        while some := list(islice(commits, _COMMITS_AT_ONCE)):
            yield from _occurrences(clone, traces, some)
        if process.wait():
            raise CloneBrokenError("git rev-list could not read the history")


def _occurrences(clone: Repository, traces: Traces, commits: Sequence[bytes]) -> Iterator[tuple[str, str]]:
    with clone.reading("diff-tree", "--stdin", *_RAW, "--format=%H") as process:
        feed(process, b"".join(commits))
        commit = ""
        for line in cast("IO[bytes]", process.stdout):
            if row := _row(line):
                if row.oid != _NOTHING and traces.are_at(row.path, row.oid):
                    yield commit, unquoted(row.path).decode(errors="replace")
            elif line.strip():
                watchdog.beat()
                commit = line.decode().strip()
        if process.wait():
            raise CloneBrokenError("git diff-tree could not read the history")


def _look_into(clone: Repository, tip: str, folders: Mapping[bytes, str], found: _Found) -> None:
    """Find what ever lay in folders, and the files at the root that commits of their pastes have moved there.

    Changes name these as well, but not those of a database that was restored, or of another site.
    """
    commits, keys = _touching(clone, tip, folders.keys()), set(folders.values())
    for row in _rows(clone, commits, "--format=", *_RAW, paths=folders.keys()):
        key = folders.get(b"/".join(unquoted(row.path).split(b"/", 4)[:4]))
        if key and _is_text(row):
            found.oids.setdefault(row.oid, key)
    for row in _rows(clone, commits, _TOLD, *_TOP):
        if row.oid == _NOTHING and row.mode != _FOLDER and row.told in keys:
            found.root_files.setdefault(unquoted(row.path), row.told)


def _by_path(changes: QuerySet[Change]) -> dict[bytes, str]:
    return {path.encode(): key for path, key in changes.values_list("moved_from", "key")}


def _put_back(clone: Repository, tip: str, files: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of texts that were purged and that these files have ever had."""
    ever = _ever_at(clone, tip, files)
    with history.objects(clone) as objects:
        texts = ((oid, objects.blob(oid.decode(), settings.PASTEUR_MAX_BYTES)) for oid in ever)
        return {oid: ever[oid] for oid, text in texts if text and requests.key_of(text)}


def _ever_at(clone: Repository, tip: str, files: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of all that ever was in these files."""
    rows = _rows(clone, _touching(clone, tip, files.keys()), "--format=", *_RAW, paths=files.keys()) if files else ()
    return {row.oid: files[unquoted(row.path)] for row in rows if unquoted(row.path) in files and _is_text(row)}


def _touching(clone: Repository, tip: str, paths: Iterable[bytes]) -> bytes:
    """Return the commits that touch some paths. `git log` would remember the texts of all others."""
    return clone.ask("rev-list", "--full-history", tip, "--", *_literally(paths))


def _rows(clone: Repository, commits: bytes, form: str, *options: str, paths: Iterable[bytes] = ()) -> Iterator[_Row]:
    with clone.reading("diff-tree", "--stdin", form, *options, "--", *_literally(paths)) as process:
        feed(process, commits)
        told = b""
        for line in cast("IO[bytes]", process.stdout):
            watchdog.beat()
            if row := _row(line):
                yield replace(row, told=told.decode(errors="replace"))
            elif line.startswith(b"\0"):
                told = line.strip(b"\0\n")
        if process.wait():
            raise CloneBrokenError("git diff-tree could not read the history")


def _literally(paths: Iterable[bytes]) -> list[str]:
    return [f":(literal){path.decode(errors='surrogateescape')}" for path in paths]


def _row(line: bytes) -> _Row | None:
    if not line.startswith(b":"):
        return None
    facts, _, path = line.rstrip(b"\n").partition(b"\t")
    before, after, _, oid, _ = facts[1:].split(b" ")
    return _Row(path, before if oid == _NOTHING else after, oid)


def _is_text(row: _Row) -> bool:
    return row.oid not in {_NOTHING, _EMPTY} and row.mode != _SUBMODULE


def _remember(clone: Repository, oids: Mapping[bytes, str]) -> None:
    with history.objects(clone) as objects:
        for oid, key in oids.items():
            if content := objects.blob(oid.decode(), settings.PASTEUR_MAX_BYTES):
                requests.remember(key, [content])
