"""Finds the traces of purged pastes in a history: their folders, files at the root, and copies of their content.

The history is read as a stream, so memory use does not grow with the number of pastes.
"""

import re
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from typing import IO, NamedTuple, cast

from django.conf import settings
from django.db import transaction

from gitsync import watchdog
from gitsync.errors import CloneBrokenError
from gitsync.format import tree
from gitsync.models import Change, Kind
from gitsync.purge import requests
from gitsync.repository import history
from gitsync.repository.batches import in_batches
from gitsync.repository.process import feed
from gitsync.repository.repository import Repository
from pastes.models import File, blob_oid
from pastes.rules.keys import is_valid_key
from pastes.storage.write_lock import write_lock

#: The number of commits passed to one `git diff-tree` process, which keeps all of them in memory.
_COMMITS_PER_PROCESS = 50_000
#: Paths that Git gets as arguments, which are limited in number and slow.
_MAX_PATHSPECS = 200
_KEYS_PER_QUERY = 2_000
_BLOBS_PER_TRANSACTION = 20
_TOP_LEVEL = ("--root", "--raw", "--no-abbrev", "--no-renames")
_ALL_FILES = ("-r", "-m", *_TOP_LEVEL)
_WITH_COMMIT = "--format=%x00%H"
_WITH_KEY = "--format=%x00%(trailers:key=Pasteur-Key,valueonly,separator=%x20)"
_NO_OBJECT, _SUBMODULE, _FOLDER = b"0" * 40, b"160000", b"040000"
#: Many unrelated files are empty, so an empty file does not identify a paste.
_EMPTY = blob_oid(b"").encode()
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_ESCAPED = dict(zip((bytes([c]) for c in b'abtnvfr"\\'), (bytes([c]) for c in b'\a\b\t\n\v\f\r"\\'), strict=True))


@dataclass(frozen=True)
class PurgedContent:
    """The content that a rewrite removes. Paths are bytes; ids are hexadecimal bytes.

    A blob is removed from every path, except inside the folder of a paste that is not purged.
    """

    folders: Set[bytes]
    root_files: Set[bytes] = frozenset()
    oids: Set[bytes] = frozenset()

    def owns(self, path: bytes) -> bool:
        """Return whether a path, in Git's quoted form, belongs to a purged paste regardless of its content."""
        plain = unquoted(path)
        return _paste_folder(plain) in self.folders or plain in self.root_files

    def includes(self, path: bytes, oid: bytes) -> bool:
        """Return whether the object `oid` must be removed from a path, which is in Git's quoted form."""
        return self.owns(path) or (oid in self.oids and not is_in_paste_folder(unquoted(path)))


class _DiffRow(NamedTuple):
    """A path changed by a commit, with its new mode and object; a deleted path has its old mode and _NO_OBJECT.

    `header` is the output of the requested commit format.
    """

    path: bytes
    mode: bytes
    oid: bytes
    header: str


def find_content(clone: Repository, tip: str, keys: Sequence[str]) -> PurgedContent:
    """Return all traces of these pastes in the complete history of `tip`, and store digests of their content.

    The traces are the paste folders, the root files that the pastes were imported from, and every blob ever stored in
    either. The content of a root file is not searched for elsewhere if another paste has the same content. If purged
    content was later added to some other file, only that content is removed from the file.
    """
    folders = {tree.folder(key).encode(): key for key in keys}
    commits = _commits_touching(clone, tip, folders)
    made_from, returned_to = _root_files(keys)
    root_files = _moved_by_commits(clone, commits, set(keys)) | made_from
    root_blobs = _blobs_in_files(clone, tip, root_files)
    shared = _oids_in_other_pastes(root_blobs, set(keys))
    oids = {oid: key for oid, key in root_blobs.items() if oid not in shared}
    oids |= _blobs_in_folders(clone, commits, folders)
    oids |= _purged_blobs_in_files(clone, tip, returned_to)
    _remember_blobs(clone, oids)
    return PurgedContent(folders.keys(), root_files.keys(), oids.keys())


def occurrences(clone: Repository, content: PurgedContent, *revisions: str) -> Generator[tuple[str, str]]:
    """Yield (commit, path) for each addition of purged content in a range of commits, parents first."""
    for row in _all_rows(clone, *revisions):
        if row.oid != _NO_OBJECT and content.includes(row.path, row.oid):
            yield row.header, unquoted(row.path).decode(errors="replace")


def unquoted(path: bytes) -> bytes:
    """Return a path without the quotes and escapes that Git adds to unusual paths."""
    if not path.startswith(b'"'):
        return path
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1]) or bytes([int(match[1], 8) & 255]), path[1:-1])


def is_in_paste_folder(path: bytes) -> bool:
    """Return whether a path is inside a folder that could belong to a paste."""
    key = tree.key_of(path.decode(errors="replace"))
    return bool(key and is_valid_key(key))


def _paste_folder(path: bytes) -> bytes:
    return b"/".join(path.split(b"/", 4)[:4])


def _commits_touching(clone: Repository, tip: str, paths: Collection[bytes]) -> bytes:
    """Return the commits that change any of the paths, one id per line; `git log` would also load unrelated blobs.

    Git compares every path of the history with each that it is given, so many paths are looked up here instead.
    """
    if len(paths) <= _MAX_PATHSPECS:
        return clone.ask("rev-list", "--full-history", tip, "--", *_pathspecs(paths))
    commits = dict[str, None]()
    for row in _all_rows(clone, tip):
        path = unquoted(row.path)
        if path in paths or _paste_folder(path) in paths:
            commits[row.header] = None
    return "".join(f"{commit}\n" for commit in reversed(commits)).encode()


def _all_rows(clone: Repository, *revisions: str) -> Generator[_DiffRow]:
    """Yield what the commits of a range change, parents first, each with its commit as header."""
    with clone.reading("rev-list", "--topo-order", "--reverse", *revisions) as process:
        commits = cast("IO[bytes]", process.stdout)
        while batch := list(islice(commits, _COMMITS_PER_PROCESS)):
            yield from _diff_rows(clone, b"".join(batch), _WITH_COMMIT, *_ALL_FILES)
        if process.wait():
            raise CloneBrokenError("git rev-list could not read the history")


def _moved_by_commits(clone: Repository, commits: bytes, keys: Set[str]) -> dict[bytes, str]:
    """Return the root files deleted by these pastes' commits, each mapped to the key of its paste.

    Changes usually record these files as well, but not if they come from another site or a restored database.
    """
    root_files: dict[bytes, str] = {}
    for row in _diff_rows(clone, commits, _WITH_KEY, *_TOP_LEVEL):
        if row.oid == _NO_OBJECT and row.mode != _FOLDER and row.header in keys:
            root_files.setdefault(unquoted(row.path), row.header)
    return root_files


def _root_files(keys: Sequence[str]) -> tuple[dict[bytes, str], dict[bytes, str]]:
    """Return the root files these pastes were imported from and those where their content reappeared, by path."""
    made_from, returned_to = dict[bytes, str](), dict[bytes, str]()
    for batch in in_batches(keys, _KEYS_PER_QUERY):
        moves = Change.objects.filter(key__in=batch).exclude(moved_from="").order_by("-id")
        for path, key, kind in moves.values_list("moved_from", "key", "kind"):
            (returned_to if kind == Kind.REMOVE else made_from)[path.encode()] = key
    return made_from, returned_to


def _oids_in_other_pastes(oids: Iterable[bytes], keys: Set[str]) -> set[bytes]:
    """Return those of these blobs that are also in pastes other than the given ones."""
    shared = set[bytes]()
    for batch in in_batches(oids, _KEYS_PER_QUERY):
        files = File.objects.filter(oid__in=[oid.decode() for oid in batch])
        pairs = files.values_list("oid", "revision__paste__key").distinct()
        shared.update(oid.encode() for oid, key in pairs if key not in keys)
    return shared


def _blobs_in_folders(clone: Repository, commits: bytes, folders: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of all blobs that these commits added to the folders, each mapped to the key of its paste."""
    oids: dict[bytes, str] = {}
    for row in _diff_rows(clone, commits, "--format=", *_ALL_FILES, paths=folders):
        key = folders.get(_paste_folder(unquoted(row.path)))
        if key and _is_blob(row):
            oids.setdefault(row.oid, key)
    return oids


def _blobs_in_files(clone: Repository, tip: str, files: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of all blobs ever stored in these files, each mapped to the key of its paste."""
    if not files:
        return {}
    rows = _diff_rows(clone, _commits_touching(clone, tip, files), "--format=", *_ALL_FILES, paths=files)
    return {row.oid: files[unquoted(row.path)] for row in rows if unquoted(row.path) in files and _is_blob(row)}


def _purged_blobs_in_files(clone: Repository, tip: str, files: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of blobs in these files that were purged earlier, each mapped to the key of its paste."""
    oids = _blobs_in_files(clone, tip, files)
    with history.objects(clone) as objects:
        blobs = ((oid, objects.blob(oid.decode(), settings.PASTEUR_MAX_BYTES)) for oid in oids)
        return {oid: oids[oid] for oid, blob in blobs if blob and requests.purged_key_of(blob)}


def _remember_blobs(clone: Repository, oids: Mapping[bytes, str]) -> None:
    with history.objects(clone) as objects:
        for batch in in_batches(oids.items(), _BLOBS_PER_TRANSACTION):
            texts = [(key, objects.blob(oid.decode(), settings.PASTEUR_MAX_BYTES)) for oid, key in batch]
            with write_lock(), transaction.atomic():
                for key, content in texts:
                    if content:
                        requests.remember(key, [content])


def _diff_rows(
    clone: Repository, commits: bytes, header_format: str, *options: str, paths: Collection[bytes] = ()
) -> Iterator[_DiffRow]:
    """Yield the changes that these commits make to the given paths, or to all paths if none are given."""
    limits = _pathspecs(paths) if len(paths) <= _MAX_PATHSPECS else []  # Callers look at the paths as well.
    with clone.reading("diff-tree", "--stdin", header_format, *options, "--", *limits) as process:
        feed(process, commits)
        header = ""
        for line in cast("IO[bytes]", process.stdout):
            watchdog.beat()
            if line.startswith(b":"):
                fields, _, path = line.rstrip(b"\n").partition(b"\t")
                old_mode, mode, _, oid, _ = fields[1:].split(b" ")
                yield _DiffRow(path, old_mode if oid == _NO_OBJECT else mode, oid, header)
            elif line.startswith(b"\0"):
                header = line.strip(b"\0\n").decode(errors="replace")
        if process.wait():
            raise CloneBrokenError("git diff-tree could not read the history")


def _pathspecs(paths: Iterable[bytes]) -> list[str]:
    return [f":(literal){path.decode(errors='surrogateescape')}" for path in paths]


def _is_blob(row: _DiffRow) -> bool:
    return row.oid not in {_NO_OBJECT, _EMPTY} and row.mode != _SUBMODULE
