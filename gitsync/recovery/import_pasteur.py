"""Takes over the repository of the first Pasteur: one file for each paste at the root, JSON, named by its code."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from gitsync.inbound.metadata import DamagedError
from gitsync.inbound.path_history import Touch, sort
from gitsync.models import Kind
from gitsync.outbox import outbox
from gitsync.progress import Progress, unwatched
from gitsync.recovery.restore import opened
from gitsync.remote import addresses
from gitsync.remote.git_remote import Remote
from gitsync.repository import history
from gitsync.repository.history import CommitInfo, Objects
from pastes.errors import RefusedError
from pastes.lifecycle import restoring
from pastes.lifecycle.draft import Draft, NewFile, NewRevision
from pastes.lifecycle.erasing import are_purged
from pastes.models import Paste
from pastes.rules import keys

#: Where the first Pasteur wrote.
_BRANCH = "master"
_AT_ONCE = 100
#: JSON may spell one byte with six.
_SPELLING = 6
_ROOM = 4096


@dataclass
class Imported:
    """What came of it: how many pastes are new here, how many were there, and why which were skipped, by code."""

    tip: str
    branch: str
    imported: int = 0
    present: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def import_from(url: str, branch: str = "", progress: Progress = unwatched) -> Imported:
    """Make a paste of every file at the root of a branch, with its changes pending. Raises GitsyncError.

    Without a branch, that is the first Pasteur's own, or else the only one or the default one.
    """
    remote = Remote.configured().at(addresses.parse(url), branch or _BRANCH)
    with opened(remote, or_obvious=not branch) as (clone, tip, read):
        found = Imported(tip, read)
        if tip:
            rows = clone.ask("ls-tree", "-z", tip).split(b"\0")[:-1]
            told = _files(history.paths(clone, tip))
            with sort(told, history.commit(clone, tip)) as touches, history.objects(clone) as objects:
                for start in range(0, len(rows), _AT_ONCE):
                    with transaction.atomic():
                        for row in rows[start : start + _AT_ONCE]:
                            facts, _, name = row.decode(errors="surrogateescape").partition("\t")
                            mode, _, oid = facts.split(" ")
                            _try(found, objects, name, oid if mode.startswith("100") else "", touches.of(name))
                            progress(1)
        return found


def _files(told: Iterator[tuple[CommitInfo, str, str, str, str]]) -> Iterator[tuple[CommitInfo, str, str]]:
    for commit, path, mode, _, oid in told:
        if "/" not in path:
            yield commit, path, oid if mode.startswith("100") else ""


def _try(found: Imported, objects: Objects, code: str, oid: str, touches: list[Touch]) -> None:
    shown = code.encode(errors="replace").decode()[:100]
    try:
        if not keys.can_be_old(code) or not oid:
            raise DamagedError("it has no name that the first Pasteur gave")
        if _is_here(code):
            found.present += 1
            return
        with transaction.atomic():
            _import_one(objects, code, oid, touches)
        found.imported += 1
    except IntegrityError:
        found.present += 1  # Somebody else has just put it there.
    except DamagedError as damaged:
        found.skipped[shown] = str(damaged)
    except RefusedError as refused:
        found.skipped[shown] = refused.message


def _is_here(code: str) -> bool:
    is_known = Paste.objects.filter(Q(old_code=code) | Q(key=code)).exists()
    return is_known or bool(are_purged([code]))


def _import_one(objects: Objects, code: str, oid: str, touches: list[Touch]) -> None:
    """Store a paste under its code where that can be a key, and else under a fresh key with the code beside it."""
    is_key = keys.can_be(code)
    _, encrypted = _read(objects, oid)
    draft = Draft(encrypted=encrypted, old_code=None if is_key else code)
    paste = restoring.restore(
        draft,
        _editions(objects, oid, touches),
        key=code if is_key else keys.draw(),
        created_at=touches[0].written_at,
    )
    for revision in paste.revisions.order_by("number"):
        kind = Kind.PUBLISH if revision.number == 1 else Kind.EDIT
        outbox.add(paste.key, kind, revision.number, at=revision.created_at)


def _editions(objects: Objects, oid: str, touches: list[Touch]) -> Iterator[NewRevision]:
    """Yield a revision for each text that the file has had; what is damaged is left out, unless it is there now."""
    number, last = 0, None
    for touch in [*touches, replace(touches[-1], oid=oid)]:
        try:
            text = _read(objects, touch.oid)[0] if touch.oid else last
        except DamagedError:
            if touch.oid == oid:
                raise
            continue
        if text is not None and text != last:
            number, last = number + 1, text
            yield NewRevision(number, touch.written_at, [NewFile(text)])


def _read(objects: Objects, oid: str) -> tuple[str, bool]:
    """Return the text of a file of the first Pasteur and whether it is encrypted. Raises DamagedError."""
    content = objects.blob(oid, _SPELLING * settings.PASTEUR_MAX_BYTES + _ROOM)
    if content is None:
        raise DamagedError(f"it is longer than the {settings.PASTEUR_MAX_BYTES} bytes of PASTEUR_MAX_BYTES")
    try:
        row = json.loads(content)
    except (ValueError, RecursionError):
        raise DamagedError("it is no JSON") from None
    text, encrypted = (row.get("contents"), row.get("encrypted", False)) if isinstance(row, dict) else (None, None)
    if not isinstance(text, str) or not isinstance(encrypted, bool):
        raise DamagedError("it is not what the first Pasteur wrote")
    return text, encrypted
