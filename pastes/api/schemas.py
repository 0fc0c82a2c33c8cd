"""What goes into the API and what comes out of it. Unknown fields are refused, so that a typo never changes a paste."""

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field

from pastes.lifecycle.draft import MAX_FILES
from pastes.models import AUTHOR_LENGTH, COMMENT_LENGTH, NAME_BYTES, TITLE_LENGTH, Visibility
from pastes.rules import lifetimes


class Strict(Schema):
    """Input: the very types, and no other fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _said(default: Any, words: str, **limits: Any) -> Any:
    """Return a field with what the document says of it; drafts.py holds it to that, in words and codes of its own."""
    return Field(default, description=words, json_schema_extra=limits)


_TITLE = _said("", "One line.", maxLength=TITLE_LENGTH)
_AUTHOR = _said("", "One line.", maxLength=AUTHOR_LENGTH)
_COMMENT = _said("", "Some lines.", maxLength=COMMENT_LENGTH)
_VISIBILITY = _said(
    Visibility.UNLISTED.value, "Who finds it: whoever has the link, or everybody.", enum=list(Visibility.values)
)
_FILES = _said(..., "The files, whose names differ.", minItems=1, maxItems=MAX_FILES)


class FileIn(Strict):
    """A file to be pasted."""

    content: str = _said(..., "The text: not only spaces, no NUL.", minLength=1)
    name: str = _said("", f"At most {NAME_BYTES} bytes; without one, it is called paste.")
    language: str = _said("", "A name or alias of /languages; without one, the file's name tells.")


class PasteIn(Strict):
    """A paste to be made."""

    files: list[FileIn] = _FILES
    title: str = _TITLE
    author: str = _AUTHOR
    comment: str = _COMMENT
    visibility: str = _VISIBILITY
    expires: str = _said(lifetimes.NEVER.name, "When it is erased.", enum=list(lifetimes.LIFETIMES))
    burn: bool = _said(False, "The first reader is the last.")
    encrypted: bool = _said(False, "The text of the only file is ciphertext.")


class WholeEdit(Strict):
    """What a paste is to be from now on."""

    files: list[FileIn] = _FILES
    title: str = _TITLE
    author: str = _AUTHOR
    comment: str = _COMMENT
    visibility: str = _VISIBILITY


class PartialEdit(Strict):
    """What is to change; `null`, or leaving a field out, leaves it as it is. Given files take the place of all."""

    files: list[FileIn] | None = _said(None, "The files, whose names differ.", minItems=1, maxItems=MAX_FILES)
    title: str | None = _said(None, "One line.", maxLength=TITLE_LENGTH)
    author: str | None = _said(None, "One line.", maxLength=AUTHOR_LENGTH)
    comment: str | None = _said(None, "Some lines.", maxLength=COMMENT_LENGTH)
    visibility: str | None = _said(None, "Who finds it.", enum=[*Visibility.values, None])


class ForkIn(Strict):
    """What is different about the copy."""

    author: str = _AUTHOR
    visibility: str = _VISIBILITY
    expires: str | None = _said(
        None, "As when a paste is made; without it, it ends with the first one.", enum=[*lifetimes.LIFETIMES, None]
    )


class FileFacts(Schema):
    """A file without its text; `oid` is the id of its content as a Git blob."""

    name: str
    language: str
    size_bytes: int
    oid: str


class FileOut(FileFacts):
    """A file as it is read."""

    raw_url: str
    content: str


class CopyOut(Schema):
    """Where the paste stands in the mirror: none, waiting, held, refused, or mirrored as a commit."""

    state: str
    commit: str | None


class PasteFacts(Schema):
    """A paste in a list."""

    key: str
    url: str
    title: str
    author: str
    comment: str
    visibility: str
    burn: bool
    encrypted: bool
    forked_from: str | None
    revision: int
    created_at: datetime
    expires_at: datetime | None


class PasteOut(PasteFacts):
    """A paste as it is read. A paste that burns after reading comes without its files."""

    mirror: CopyOut
    files: list[FileOut]


class PasteMade(PasteOut):
    """A paste that was just made, with the token that allows to change and to delete it."""

    token: str


class StateOut(Schema):
    """What has become of a paste: `published`, or `hidden` from everybody but moderators."""

    key: str
    state: str


class PastesOut(Schema):
    """A page of a list, the newest first; `next` is the address of the next page, if there is one."""

    pastes: list[PasteFacts]
    next: str | None


class RevisionFacts(Schema):
    """A revision in a list."""

    number: int
    created_at: datetime
    files: list[FileFacts]


class RevisionsOut(Schema):
    """A page of revisions, the newest first."""

    revisions: list[RevisionFacts]
    next: str | None


class RevisionFile(FileFacts):
    """A file as it was in a revision."""

    content: str


class RevisionOut(Schema):
    """A revision as it is read."""

    number: int
    created_at: datetime
    files: list[RevisionFile]


class FileDiff(Schema):
    """What became of a file: `added`, `removed` or `changed`, as a unified diff."""

    name: str
    change: str
    diff: str


class DiffOut(Schema):
    """What changed between two revisions."""

    before: int
    after: int
    files: list[FileDiff]


class LanguageOut(Schema):
    """A language: its name here, its label for people, its other names and its file endings."""

    name: str
    label: str
    aliases: list[str]
    extensions: list[str]


class RatesOut(Schema):
    """How often the caller may do what, such as `10/minute burst 5, 200/day`, or `off`."""

    create: str
    read: str
    delete: str


class LimitsOut(Schema):
    """How much of everything there may be, and the choices that there are."""

    max_bytes: int
    max_files: int
    title_length: int
    author_length: int
    comment_length: int
    name_bytes: int
    expires: list[str]
    visibility: list[str]
    rates: RatesOut


class Problem(Schema):
    """What was wrong: a stable code, words for people, and the field and the limit where there are such."""

    code: str
    message: str
    field: str | None = None
    limit: int | None = None


class ErrorOut(Schema):
    """Every answer that is not what was asked for."""

    error: Problem
