"""Finds what purged pastes have left in a history: their folders, files at the root, and copies of their texts.

The history is read as a stream, so memory does not grow with the number of pastes.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from typing import IO, NamedTuple, cast

from django.conf import settings
from django.db.models import QuerySet

from gitsync import watchdog
from gitsync.errors import CloneBrokenError
from gitsync.format import tree
from gitsync.models import Change, Kind
from gitsync.purge import requests
from gitsync.repository import history
from gitsync.repository.process import feed
from gitsync.repository.repository import Repository
from pastes.models import File, blob_oid
from pastes.rules.keys import can_be

#: Commits that one `git diff-tree` process handles; the process keeps all of them in memory.
_COMMITS_PER_PROCESS = 50_000
_TOP_LEVEL = ("--root", "--raw", "--no-abbrev", "--no-renames")
_ALL_FILES = ("-r", "-m", *_TOP_LEVEL)
_WITH_COMMIT = "--format=%x00%H"
_WITH_KEY = "--format=%x00%(trailers:key=Pasteur-Key,valueonly,separator=%x20)"
_NO_OBJECT, _SUBMODULE, _FOLDER = b"0" * 40, b"160000", b"040000"
#: Many unrelated files are empty, so an empty text identifies no paste.
_EMPTY = blob_oid(b"").encode()
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_ESCAPED = dict(zip((bytes([c]) for c in b'abtnvfr"\\'), (bytes([c]) for c in b'\a\b\t\n\v\f\r"\\'), strict=True))


@dataclass(frozen=True)
class PurgedContent:
    """What a rewrite removes. Paths are bytes, ids hexadecimal bytes.

    A text is removed at every path, except in the folder of a paste that is not purged.
    """

    folders: Set[bytes]
    root_files: Set[bytes] = frozenset()
    oids: Set[bytes] = frozenset()

    def owns(self, path: bytes) -> bool:
        """Whether a path, quoted as Git writes it, belongs to a purged paste whatever its content."""
        plain = unquoted(path)
        return _paste_folder(plain) in self.folders or plain in self.root_files

    def includes(self, path: bytes, oid: bytes) -> bool:
        """Whether the object `oid` at a path, quoted as Git writes it, is to be removed."""
        return self.owns(path) or (oid in self.oids and not is_in_paste_folder(unquoted(path)))


class _DiffRow(NamedTuple):
    """A path that a commit changes, with its new mode and object; a deleted path has its old mode and _NO_OBJECT.

    `header` is what the requested format prints for the commit.
    """

    path: bytes
    mode: bytes
    oid: bytes
    header: str


def find_content(clone: Repository, tip: str, keys: Sequence[str]) -> PurgedContent:
    """Return what the complete history of `tip` has of these pastes, and store the digests of their texts.

    That is: the folders of the pastes, the files at the root that they were made from, and every text that was ever in
    either. A text from the root that another paste also has is not searched for elsewhere. Of a file that received a
    purged text afterwards, only that text counts.
    """
    folders = {tree.folder(key).encode(): key for key in keys}
    commits = _commits_touching(clone, tip, folders)
    moves = Change.objects.filter(key__in=keys).exclude(moved_from="")
    root_files = _moved_by_commits(clone, commits, set(keys)) | _keys_by_path(moves.exclude(kind=Kind.REMOVE))
    root_texts = _texts_in_files(clone, tip, root_files)
    pasted_elsewhere = File.objects.filter(oid__in=[oid.decode() for oid in root_texts])
    pasted_elsewhere = pasted_elsewhere.exclude(revision__paste__key__in=keys)
    shared = {oid.encode() for oid in pasted_elsewhere.values_list("oid", flat=True)}
    oids = {oid: key for oid, key in root_texts.items() if oid not in shared}
    oids |= _texts_in_folders(clone, commits, folders)
    oids |= _purged_texts_in_files(clone, tip, _keys_by_path(moves.filter(kind=Kind.REMOVE)))
    _remember_texts(clone, oids)
    return PurgedContent(folders.keys(), root_files.keys(), oids.keys())


def occurrences(clone: Repository, content: PurgedContent, *revisions: str) -> Generator[tuple[str, str]]:
    """Yield (commit, path) for each addition of purged content in a range of commits, parents first."""
    with clone.reading("rev-list", "--topo-order", "--reverse", *revisions) as process:
        commits = cast("IO[bytes]", process.stdout)
        while batch := list(islice(commits, _COMMITS_PER_PROCESS)):
            for row in _diff_rows(clone, b"".join(batch), _WITH_COMMIT, *_ALL_FILES):
                if row.oid != _NO_OBJECT and content.includes(row.path, row.oid):
                    yield row.header, unquoted(row.path).decode(errors="replace")
        if process.wait():
            raise CloneBrokenError("git rev-list could not read the history")


def unquoted(path: bytes) -> bytes:
    """Return a path without the quotes and escapes that Git adds to an unusual one."""
    if not path.startswith(b'"'):
        return path
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1]) or bytes([int(match[1], 8) & 255]), path[1:-1])


def is_in_paste_folder(path: bytes) -> bool:
    """Whether a path lies in a folder that can be a paste's."""
    key = tree.key_of(path.decode(errors="replace"))
    return bool(key and can_be(key))


def _paste_folder(path: bytes) -> bytes:
    return b"/".join(path.split(b"/", 4)[:4])


def _commits_touching(clone: Repository, tip: str, paths: Iterable[bytes]) -> bytes:
    """Return the commits that change any of the paths, one id a line; `git log` would also load unrelated texts."""
    return clone.ask("rev-list", "--full-history", tip, "--", *_pathspecs(paths))


def _moved_by_commits(clone: Repository, commits: bytes, keys: Set[str]) -> dict[bytes, str]:
    """Return the files at the root that commits of these pastes deleted, each with the paste's key.

    Changes name these files as well, but not the changes of another site or of a restored database.
    """
    root_files: dict[bytes, str] = {}
    for row in _diff_rows(clone, commits, _WITH_KEY, *_TOP_LEVEL):
        if row.oid == _NO_OBJECT and row.mode != _FOLDER and row.header in keys:
            root_files.setdefault(unquoted(row.path), row.header)
    return root_files


def _keys_by_path(changes: QuerySet[Change]) -> dict[bytes, str]:
    return {path.encode(): key for path, key in changes.values_list("moved_from", "key")}


def _texts_in_folders(clone: Repository, commits: bytes, folders: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of all texts that these commits added to the folders, each with the paste's key."""
    oids: dict[bytes, str] = {}
    for row in _diff_rows(clone, commits, "--format=", *_ALL_FILES, paths=folders):
        key = folders.get(_paste_folder(unquoted(row.path)))
        if key and _is_text(row):
            oids.setdefault(row.oid, key)
    return oids


def _texts_in_files(clone: Repository, tip: str, files: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of all texts that these files ever had, each with the paste's key."""
    if not files:
        return {}
    rows = _diff_rows(clone, _commits_touching(clone, tip, files), "--format=", *_ALL_FILES, paths=files)
    return {row.oid: files[unquoted(row.path)] for row in rows if unquoted(row.path) in files and _is_text(row)}


def _purged_texts_in_files(clone: Repository, tip: str, files: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return the ids of those texts of these files that were purged before, each with the paste's key."""
    oids = _texts_in_files(clone, tip, files)
    with history.objects(clone) as objects:
        texts = ((oid, objects.blob(oid.decode(), settings.PASTEUR_MAX_BYTES)) for oid in oids)
        return {oid: oids[oid] for oid, text in texts if text and requests.purged_key_of(text)}


def _remember_texts(clone: Repository, oids: Mapping[bytes, str]) -> None:
    with history.objects(clone) as objects:
        for oid, key in oids.items():
            if content := objects.blob(oid.decode(), settings.PASTEUR_MAX_BYTES):
                requests.remember(key, [content])


def _diff_rows(
    clone: Repository, commits: bytes, header_format: str, *options: str, paths: Iterable[bytes] = ()
) -> Iterator[_DiffRow]:
    """Yield what these commits change at the paths, or anywhere when none are named."""
    with clone.reading("diff-tree", "--stdin", header_format, *options, "--", *_pathspecs(paths)) as process:
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


def _is_text(row: _DiffRow) -> bool:
    return row.oid not in {_NO_OBJECT, _EMPTY} and row.mode != _SUBMODULE
