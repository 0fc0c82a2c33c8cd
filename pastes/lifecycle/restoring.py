"""Store pastes and revisions from Git under their own keys, dates and numbers, without adding them to the outbox."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from pastes.errors import RefusedError
from pastes.lifecycle.draft import Draft, NewRevision, validate_fields, validate_files
from pastes.lifecycle.writing import build_files, build_paste
from pastes.models import File, Paste, Revision, Visibility
from pastes.rules import keys
from pastes.search import index
from pastes.storage.insert import store


@transaction.atomic(savepoint=False)  # A caller in a transaction rolls back that, or its own savepoint.
def restore(draft: Draft, revisions: Iterable[NewRevision], *, key: str, created_at: datetime) -> Paste:
    """Store a paste with its revisions, which must be in ascending order. The last one becomes the current revision.

    Raise RefusedError if the paste is invalid, IntegrityError if the key is taken, and ValueError if the key is
    invalid. In each case nothing is stored.
    """
    if not keys.is_valid_key(key):
        raise ValueError("this cannot be the key of a paste")
    paste = build_paste(validate_fields(draft), key=key, created_at=created_at)
    remaining = iter(revisions)
    initial = next(remaining, None)
    if initial is None:
        raise RefusedError("empty", "There is no text to paste.", field="files")
    paste.head = initial.number
    revision, paste.files = _build_revision(initial)
    store(paste, revision, *paste.files)
    for new in remaining:
        paste.head = new.number
        paste.files = add_revision(paste, new)
    if paste.head != initial.number:
        paste.save(update_fields=["head"])
    if paste.visibility == Visibility.PUBLIC:  # Only public pastes are indexed.
        index.update(paste)
    return paste


def add_revision(paste: Paste, new: NewRevision) -> list[File]:
    """Store one revision of a paste and return its files. Raise RefusedError if they are invalid."""
    revision, files = _build_revision(new)
    revision.paste = paste
    store(revision, *files)
    return files


def _build_revision(new: NewRevision) -> tuple[Revision, list[File]]:
    author = validate_fields(Draft(author=new.author)).author
    files = build_files(validate_files(new.files))
    return Revision(number=new.number, created_at=new.created_at, author=author), files


@transaction.atomic
def update(paste: Paste, new: NewRevision, draft: Draft | None = None) -> Paste:
    """Add a revision to a paste, and set its title, author, comment and visibility from `draft` if given.

    Raise RefusedError if the result is invalid.
    """
    changed = ["head"]
    if draft:
        draft = validate_fields(draft)
        paste.title, paste.author, paste.comment = draft.title, draft.author, draft.comment
        paste.visibility = draft.visibility
        changed += ["title", "author", "comment", "visibility"]
    paste.head = new.number
    paste.files = add_revision(paste, new)
    paste.save(update_fields=changed)
    index.update(paste)
    return paste
