"""The revisions of a paste, and diffs between them."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query

from pastes.api.common import READ_ERRORS, Before, Integer, Key, Length, Router, find, link_next, response_schemas
from pastes.api.schemas import (
    DiffOut,
    FileDiff,
    FileSummary,
    RevisionFile,
    RevisionOut,
    RevisionsOut,
    RevisionSummary,
)
from pastes.diff import unified
from pastes.errors import RefusedError
from pastes.lifecycle import reading
from pastes.models import File, Paste, Revision

router = Router(tags=["revisions"])

_MAX_NUMBER = 2**31 - 1
Number = Annotated[Integer | None, Query(None, ge=1, le=_MAX_NUMBER)]


@router.get("/{key}/revisions", response=response_schemas(200, RevisionsOut, READ_ERRORS))
def revisions(
    request: HttpRequest, response: HttpResponse, key: Key, before: Before = None, limit: Length = 30
) -> RevisionsOut:
    """List the revisions of a paste, newest first."""
    rows = reading.revisions(_find_unburned(key), before=before, length=limit + 1)
    next_before = rows[limit - 1][0].number if len(rows) > limit else None
    summaries = [
        RevisionSummary(
            number=revision.number, created_at=revision.created_at, files=[_file_summary(file) for file in files]
        )
        for revision, files in rows[:limit]
    ]
    return RevisionsOut(revisions=summaries, next=link_next(request, response, next_before))


@router.get("/{key}/revisions/{number}", response=response_schemas(200, RevisionOut, READ_ERRORS))
def revision(request: HttpRequest, key: Key, number: Integer) -> RevisionOut:
    """Read a revision of a paste."""
    row, files = _find_revision(_find_unburned(key), number)
    revision_files = [RevisionFile(**dict(_file_summary(file)), content=file.content) for file in files]
    return RevisionOut(number=row.number, created_at=row.created_at, files=revision_files)


@router.get("/{key}/diff", response=response_schemas(200, DiffOut, READ_ERRORS))
def diff(request: HttpRequest, key: Key, before: Number = None, after: Number = None) -> DiffOut:
    """Compare two revisions. The default is to show the last edit."""
    paste = _find_unburned(key)
    if paste.encrypted:
        raise RefusedError("encrypted", "Encrypted pastes cannot be compared.")
    after = after or paste.head
    before = before or max(1, after - 1)
    old, new = (_find_revision(paste, number)[1] for number in (before, after))
    return DiffOut(before=before, after=after, files=[FileDiff(**vars(file)) for file in unified.compare(old, new)])


def _find_unburned(key: str) -> Paste:
    paste = find(key)
    if paste.burn:
        raise RefusedError("burns", "This paste burns after reading.", status=403)
    return paste


def _find_revision(paste: Paste, number: int) -> tuple[Revision, list[File]]:
    revision = reading.revision(paste, number) if 0 < number <= _MAX_NUMBER else None
    if revision is None:
        raise RefusedError("not_found", "There is no such revision.", status=404)
    return revision


def _file_summary(file: File) -> FileSummary:
    return FileSummary(name=file.name, language=file.language, size_bytes=file.size_bytes, oid=file.oid)
