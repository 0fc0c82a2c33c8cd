"""Loads the pastes of pending changes, one slice at a time to keep memory use constant."""

import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from gitsync.format import tree
from gitsync.format.fast_import import COMMITTER, Commit, stream
from gitsync.models import Change
from gitsync.outbox import identity
from gitsync.outbox.eligibility import belongs
from pastes.models import File, Paste, Revision
from pastes.rules.keys import is_valid_key
from pastes.storage import database_errors

#: The number of changes loaded at once, with their files.
SLICE = 50
_OID = re.compile("[0-9a-f]{40}")

_Row = tuple[Change, Paste | None, Revision | None]


@dataclass(frozen=True)
class Loaded:
    """A change with the data for its commit. If `entries` is empty, the folder is removed."""

    change: Change
    author: str
    title: str
    entries: tuple[tree.TreeEntry, ...]

    @property
    def folder(self) -> str:
        """The folder of the paste."""
        return tree.folder(self.change.key)

    @property
    def tree_oid(self) -> str:
        """The id of the folder's tree after the change, or an empty string if the folder is removed."""
        return tree.tree_oid(self.entries) if self.entries else ""

    @property
    def size_bytes(self) -> int:
        """The total size of the change's files in bytes."""
        return sum(len(entry.content) for entry in self.entries)

    def commit(self, *, moves: bool = False) -> Commit:
        """Return the commit for the change; if `moves` is true, it also deletes the change's `moved_from`."""
        return Commit(
            change=self.change.name,
            kind=self.change.kind,
            key=self.change.key,
            folder=self.folder,
            author=self.author,
            title=self.title,
            written_at=self.change.created_at,
            entries=self.entries,
            moved_from=self.change.moved_from if moves else "",
            identity=identity.configured(),
        )


def load(
    changes: Sequence[Change], gone: Container[str] = (), failed: Callable[[Change, Exception], None] | None = None
) -> Iterator[Loaded]:
    """Yield every change, in order, with the current state of its paste, so that a deleted paste is never committed.

    `gone` contains the keys of pastes that have expired according to the database's clock, which may differ from this
    machine's. `failed` is called with each change that cannot be committed; if it is None, the error is raised.
    """
    for start in range(0, len(changes), SLICE):
        part = changes[start : start + SLICE]
        try:
            yield from _checked(part, gone)
        except Exception as error:
            if failed is None or not is_of_row(error):
                raise
        else:
            continue
        for change in part:
            try:
                loaded = _checked([change], gone)
            except Exception as error:
                if not is_of_row(error):
                    raise
                failed(change, error)
            else:
                yield from loaded


def _checked(changes: Sequence[Change], gone: Container[str]) -> list[Loaded]:
    """Load changes, and raise now any error that would occur later when creating their commits."""
    all_loaded = list(_with_texts(_rows(changes), gone))
    for loaded in all_loaded:
        if not is_valid_key(loaded.change.key):
            raise ValueError(f"{loaded.change.key!r} is not a valid key")
        if not isinstance(loaded.change.number, int):
            raise ValueError(f"{loaded.change.number!r} is not a valid number")
        for entry in loaded.entries:
            if not _OID.fullmatch(entry.oid):
                raise ValueError(f"{entry.oid!r} is not a valid object id")
        for _ in stream(loaded.commit(), mark=1, parent="", committed_at=0):
            pass
    return all_loaded


def is_of_row(error: Exception) -> bool:
    """Return whether an error is caused by the data of a row, not by the database or the disk."""
    is_outage = isinstance(error, OperationalError | InterfaceError | OSError | MemoryError)
    return not is_outage or database_errors.is_about_data(error)


def _rows(changes: Sequence[Change]) -> list[_Row]:
    """Return every change with its paste and revision; either is None if it does not exist."""
    pastes = {paste.key: paste for paste in Paste.objects.filter(key__in={change.key for change in changes})}
    ids, numbers = [paste.pk for paste in pastes.values()], {change.revision for change in changes if change.revision}
    candidates = Revision.objects.filter(paste_id__in=ids, number__in=numbers)
    revisions = {(revision.paste_id, revision.number): revision for revision in candidates}
    rows: list[_Row] = []
    for change in changes:
        paste = pastes.get(change.key)
        rows.append((change, paste, revisions.get((paste.pk, change.revision or 0)) if paste else None))
    return rows


def _with_texts(rows: Sequence[_Row], gone: Container[str]) -> Iterator[Loaded]:
    files: dict[int, list[File]] = {}
    ids = {revision.pk for _, _, revision in rows if revision}
    for file in File.objects.filter(revision_id__in=ids).order_by("revision_id", "position"):
        files.setdefault(file.revision_id, []).append(file)
    for change, paste, revision in rows:
        texts = files.get(revision.pk, []) if revision else []
        if paste is None or revision is None or not texts or paste.key in gone or not belongs(paste):
            yield Loaded(change, COMMITTER, "", ())
        else:
            entries = tree.entries(paste, revision, texts, with_content=True)
            yield Loaded(change, revision.author or paste.author, paste.title, tuple(entries))
