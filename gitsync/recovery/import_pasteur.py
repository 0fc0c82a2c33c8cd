"""Imports a repository of the original Pasteur: at its root, one JSON file per paste, named after the paste's code."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from gitsync.inbound.metadata import DamagedError
from gitsync.inbound.path_history import PathHistory, Touch, index_by_path
from gitsync.models import Kind
from gitsync.outbox import outbox
from gitsync.progress import Progress, unwatched
from gitsync.recovery.full_history import fetch_full_history
from gitsync.remote import addresses
from gitsync.remote.git_remote import Remote
from gitsync.repository import history
from gitsync.repository.history import CommitInfo, Objects
from gitsync.repository.repository import Repository
from pastes.errors import RefusedError
from pastes.lifecycle import restoring
from pastes.lifecycle.draft import Draft, NewFile, NewRevision
from pastes.lifecycle.erasing import are_purged
from pastes.models import Paste
from pastes.rules import keys

#: The branch that the original Pasteur committed to.
_BRANCH = "master"
_BATCH_SIZE = 100
#: JSON needs at most six bytes for one byte of text, plus some overhead.
_MAX_ESCAPE_BYTES = 6
_JSON_OVERHEAD_BYTES = 4096
_PLAIN_FILE_MODE = "100"
_MAX_REPORTED_NAME = 100


@dataclass
class ImportReport:
    """The number of pastes imported and of those already present, and the reason for each skipped code."""

    tip: str
    branch: str
    imported: int = 0
    present: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


class _RootEntry(NamedTuple):
    """An entry in the root tree. `oid` is empty unless the entry is a regular file."""

    name: str
    oid: str


class _OldPaste(NamedTuple):
    """The content of a file written by the original Pasteur."""

    text: str
    encrypted: bool


def import_from(url: str, branch: str = "", progress: Progress = unwatched) -> ImportReport:
    """Store a paste, with pending changes, for every file at the root of a branch. Raises GitsyncError.

    If no branch is given, use `master`, or else the only or default branch.
    """
    remote = Remote.configured().at(addresses.parse(url), branch or _BRANCH)
    with fetch_full_history(remote, allow_other_branch=not branch) as fetched:
        report = ImportReport(fetched.tip, fetched.branch)
        if fetched.tip:
            _import_all(report, fetched.clone, fetched.tip, progress)
    return report


def _import_all(report: ImportReport, clone: Repository, tip: str, progress: Progress) -> None:
    entries = _root_entries(clone, tip)
    commits = _commits_by_file(clone, tip)
    with index_by_path(commits, history.commit(clone, tip)) as path_history, history.objects(clone) as objects:
        for start in range(0, len(entries), _BATCH_SIZE):
            with transaction.atomic():
                for entry in entries[start : start + _BATCH_SIZE]:
                    _import_entry(report, objects, entry, path_history)
                    progress(1)


def _root_entries(clone: Repository, tip: str) -> list[_RootEntry]:
    entries = []
    for row in clone.ask("ls-tree", "-z", tip).split(b"\0")[:-1]:
        fields, _, name = row.decode(errors="surrogateescape").partition("\t")
        mode, _, oid = fields.split(" ")
        entries.append(_RootEntry(name, oid if mode.startswith(_PLAIN_FILE_MODE) else ""))
    return entries


def _commits_by_file(clone: Repository, tip: str) -> Iterator[tuple[CommitInfo, str, str]]:
    for commit, path, mode, _, oid in history.paths(clone, tip):
        if "/" not in path:
            yield commit, path, oid if mode.startswith(_PLAIN_FILE_MODE) else ""


def _import_entry(report: ImportReport, objects: Objects, entry: _RootEntry, path_history: PathHistory) -> None:
    code = entry.name
    reported_name = code.encode(errors="replace").decode()[:_MAX_REPORTED_NAME]
    try:
        if not keys.is_valid_old_code(code) or not entry.oid:
            raise DamagedError("its name is not a code of the original Pasteur")
        if _is_present(code):
            report.present += 1
            return
        with transaction.atomic():
            _store(objects, code, entry.oid, path_history.of(code))
        report.imported += 1
    except IntegrityError:
        report.present += 1  # Another process stored it in the meantime.
    except DamagedError as damaged:
        report.skipped[reported_name] = str(damaged)
    except RefusedError as refused:
        report.skipped[reported_name] = refused.message


def _is_present(code: str) -> bool:
    return Paste.objects.filter(Q(old_code=code) | Q(key=code)).exists() or bool(are_purged([code]))


def _store(objects: Objects, code: str, oid: str, touches: Sequence[Touch]) -> None:
    """Store a paste and its changes. The code becomes the key if it is a valid one; otherwise a key is generated."""
    is_key = keys.is_valid_key(code)
    draft = Draft(encrypted=_read(objects, oid).encrypted, old_code=None if is_key else code)
    revisions = _revisions(objects, oid, touches)
    key = code if is_key else keys.draw()
    paste = restoring.restore(draft, revisions, key=key, created_at=touches[0].written_at)
    for revision in paste.revisions.order_by("number"):
        kind = Kind.PUBLISH if revision.number == 1 else Kind.EDIT
        outbox.add(paste.key, kind, revision.number, at=revision.created_at)


def _revisions(objects: Objects, oid: str, touches: Sequence[Touch]) -> Iterator[NewRevision]:
    """Yield a revision for each version of the file's text; skip damaged versions, except at the tip."""
    number, previous_text = 0, None
    for touch in [*touches, replace(touches[-1], oid=oid)]:
        if not touch.oid:
            continue
        try:
            text = _read(objects, touch.oid).text
        except DamagedError:
            if touch.oid == oid:
                raise
            continue
        if text != previous_text:
            number, previous_text = number + 1, text
            yield NewRevision(number, touch.written_at, [NewFile(text)])


def _read(objects: Objects, oid: str) -> _OldPaste:
    """Return the content of a file written by the original Pasteur. Raises DamagedError."""
    content = objects.blob(oid, _MAX_ESCAPE_BYTES * settings.PASTEUR_MAX_BYTES + _JSON_OVERHEAD_BYTES)
    if content is None:
        raise DamagedError(f"it exceeds PASTEUR_MAX_BYTES ({settings.PASTEUR_MAX_BYTES} bytes)")
    try:
        row = json.loads(content)
    except (ValueError, RecursionError):
        raise DamagedError("it is not JSON") from None
    text, encrypted = (row.get("contents"), row.get("encrypted", False)) if isinstance(row, dict) else (None, None)
    if not isinstance(text, str) or not isinstance(encrypted, bool):
        raise DamagedError("it does not contain the fields of a paste of the original Pasteur")
    return _OldPaste(text, encrypted)
