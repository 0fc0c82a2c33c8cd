"""Puts pastes back that were kept elsewhere, under their own keys, dates and revisions. No change comes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pastes.errors import RefusedError
from pastes.lifecycle.draft import Draft, NewFile, checked, checked_files
from pastes.models import File, Paste, Revision, Visibility, blob_oid
from pastes.rules import keys
from pastes.search import index
from pastes.storage.insert import store


@dataclass(frozen=True)
class Kept:
    """What is known of a paste besides its texts."""

    key: str
    created_at: datetime
    title: str = ""
    author: str = ""
    comment: str = ""
    visibility: str = "unlisted"
    encrypted: bool = False
    old_code: str | None = None
    expires_at: datetime | None = None
    forked_from: str = ""


@dataclass(frozen=True)
class Edition:
    """One revision of a paste."""

    number: int
    created_at: datetime
    files: Sequence[NewFile]
    author: str = ""


@transaction.atomic(savepoint=False)  # Whoever has a transaction already undoes it, or a savepoint of their own.
def put_back(kept: Kept, editions: Iterable[Edition]) -> Paste:
    """Store a paste with its revisions, which come in the order of their numbers, the last one being the current one.

    Raises RefusedError when it breaks a rule that every paste keeps, IntegrityError when the key is taken, and
    ValueError when it cannot be a key; then nothing is stored.
    """
    if not keys.can_be(kept.key):
        raise ValueError("this cannot be the key of a paste")
    paste = _row(kept)
    left = iter(editions)
    first = next(left, None)
    if first is None:
        raise RefusedError("empty", "There is no text to paste.", field="files")
    paste.head = first.number
    revision, paste.files = _rows(first)
    store(paste, revision, *paste.files)
    for edition in left:
        paste.head = edition.number
        paste.files = add_edition(paste, edition)
    if paste.head != first.number:
        paste.save(update_fields=["head"])
    if paste.visibility == Visibility.PUBLIC:  # All others are not in the index, nor have they been.
        index.keep(paste)
    return paste


def _row(kept: Kept) -> Paste:
    # The texts are checked one revision after the other; this one stands in for them.
    said = Draft([NewFile("-")], kept.title, kept.author, kept.comment, kept.visibility, forked_from=kept.forked_from)
    facts = checked(said)
    return Paste(
        key=kept.key,
        title=facts.title,
        author=facts.author,
        comment=facts.comment,
        visibility=facts.visibility,
        encrypted=kept.encrypted,
        old_code=kept.old_code,
        forked_from=facts.forked_from,
        head=0,
        created_at=kept.created_at,
        expires_at=kept.expires_at,
    )


def add_edition(paste: Paste, edition: Edition) -> list[File]:
    """Store one revision of a paste and return its files. Raises RefusedError when they break a rule."""
    revision, files = _rows(edition)
    revision.paste = paste
    store(revision, *files)
    return files


def _rows(edition: Edition) -> tuple[Revision, list[File]]:
    files = checked_files(edition.files)
    author = checked(Draft([NewFile("-")], author=edition.author)).author
    revision = Revision(number=edition.number, created_at=edition.created_at, author=author)
    rows = []
    for position, file in enumerate(files):
        content = file.content.encode()
        row = File(
            position=position,
            name=file.name,
            language=file.language,
            content=file.content,
            size_bytes=len(content),
            oid=blob_oid(content),
        )
        rows.append(row)
    return revision, rows


@transaction.atomic
def take_over(paste: Paste, edition: Edition, kept: Kept | None = None) -> Paste:
    """Give a paste a revision that was made elsewhere, with what is said about it there. No change comes of it.

    Raises RefusedError when it breaks a rule.
    """
    names = ["head"]
    if kept:
        facts = _row(kept)
        paste.title, paste.author, paste.comment = facts.title, facts.author, facts.comment
        paste.visibility = facts.visibility
        names += ["title", "author", "comment", "visibility"]
    paste.head = edition.number
    paste.files = add_edition(paste, edition)
    paste.save(update_fields=names)
    index.keep(paste)
    return paste
