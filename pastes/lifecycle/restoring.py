"""Stores pastes and revisions that come from Git, with their own keys, dates and numbers. Makes no change for them."""

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


@transaction.atomic(savepoint=False)  # A caller inside a transaction undoes it, or a savepoint of its own.
def restore(draft: Draft, revisions: Iterable[NewRevision], *, key: str, created_at: datetime) -> Paste:
    """Store a paste with its revisions, in the order of their numbers; the last one becomes the current one.

    Raises RefusedError when it breaks a rule for pastes, IntegrityError when the key is taken, and ValueError when it
    is not a key; then nothing is stored.
    """
    if not keys.can_be(key):
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
    if paste.visibility == Visibility.PUBLIC:  # A new paste that is not public is not in the index.
        index.update(paste)
    return paste


def add_revision(paste: Paste, new: NewRevision) -> list[File]:
    """Store one revision of a paste and return its files. Raises RefusedError when they break a rule."""
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
    """Give a paste a revision, and the title, author, comment and visibility of a draft.

    Raises RefusedError when it breaks a rule.
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
