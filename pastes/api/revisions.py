"""The revisions of a paste, and what changed between two of them."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query

from pastes.api.common import READING, Before, Key, Length, Router, answering, find, link_next
from pastes.api.schemas import (
    DiffOut,
    FileDiff,
    FileFacts,
    RevisionFacts,
    RevisionFile,
    RevisionOut,
    RevisionsOut,
)
from pastes.diff import unified
from pastes.errors import RefusedError
from pastes.lifecycle import reading
from pastes.models import File, Paste, Revision

router = Router(tags=["revisions"])

_MOST = 2**31 - 1
Number = Annotated[int, Query(ge=1, le=_MOST)]


@router.get("/{key}/revisions", response=answering(200, RevisionsOut, READING))
def revisions(
    request: HttpRequest, response: HttpResponse, key: Key, before: Before = None, limit: Length = 30
) -> RevisionsOut:
    """List the revisions of a paste, the newest first."""
    found = reading.revisions(find(key), before=before, length=limit + 1)
    further = found[limit - 1][0].number if len(found) > limit else None
    shown = [
        RevisionFacts(number=one.number, created_at=one.created_at, files=[_facts(file) for file in files])
        for one, files in found[:limit]
    ]
    return RevisionsOut(revisions=shown, next=link_next(request, response, further))


@router.get("/{key}/revisions/{number}", response=answering(200, RevisionOut, READING))
def revision(request: HttpRequest, key: Key, number: int) -> RevisionOut:
    """Read one revision of a paste."""
    found, files = _revision(_readable(key), number)
    shown = [RevisionFile(**dict(_facts(file)), content=file.content) for file in files]
    return RevisionOut(number=found.number, created_at=found.created_at, files=shown)


@router.get("/{key}/diff", response=answering(200, DiffOut, READING))
def diff(request: HttpRequest, key: Key, before: Number | None = None, after: Number | None = None) -> DiffOut:
    """What changed from one revision to another: without numbers, with the last edit."""
    paste = _readable(key)
    if paste.encrypted:
        raise RefusedError("encrypted", "Ciphertexts cannot be compared.")
    after = after or paste.head
    before = before or max(1, after - 1)
    old, new = (_revision(paste, number)[1] for number in (before, after))
    return DiffOut(before=before, after=after, files=[FileDiff(**vars(one)) for one in unified.between(old, new)])


def _readable(key: str) -> Paste:
    paste = find(key)
    if paste.burn:
        raise RefusedError("burns", "This paste burns after reading.", status=403)
    return paste


def _revision(paste: Paste, number: int) -> tuple[Revision, list[File]]:
    found = reading.revision(paste, number) if 0 < number <= _MOST else None
    if found is None:
        raise RefusedError("not_found", "There is no such revision.", status=404)
    return found


def _facts(file: File) -> FileFacts:
    return FileFacts(name=file.name, language=file.language, size_bytes=file.size_bytes, oid=file.oid)
