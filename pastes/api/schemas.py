"""The API's request and response schemas. Class names and docstrings are part of the OpenAPI document."""

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field

from pastes.lifecycle.draft import MAX_FILES
from pastes.models import AUTHOR_LENGTH, COMMENT_LENGTH, NAME_BYTES, TITLE_LENGTH, Visibility
from pastes.rules import lifetimes


class Strict(Schema):
    """Input with strict types. Unknown fields are refused so that typos are reported."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _field(default: Any, description: str, **limits: Any) -> Any:
    """Return a documented field. The limits are enforced by lifecycle/draft.py, which reports its own error codes."""
    return Field(default, description=description, json_schema_extra=limits)


_TITLE = _field("", "One line.", maxLength=TITLE_LENGTH)
_AUTHOR = _field("", "One line.", maxLength=AUTHOR_LENGTH)
_COMMENT = _field("", "May have several lines.", maxLength=COMMENT_LENGTH)
_VISIBILITY = _field(
    Visibility.UNLISTED.value, "Who can find it: those with the link, or everyone.", enum=list(Visibility.values)
)
_FILES = _field(..., "The files, with distinct names.", minItems=1, maxItems=MAX_FILES)


class FileIn(Strict):
    """A file of a paste or an edit."""

    content: str = _field(..., "The text, which must not be blank or contain NUL characters.", minLength=1)
    name: str = _field("", f"At most {NAME_BYTES} bytes. The default is paste with the language's extension.")
    language: str = _field("", "A name or alias from /languages. The default is derived from the file name.")


class PasteIn(Strict):
    """A new paste."""

    files: list[FileIn] = _FILES
    title: str = _TITLE
    author: str = _AUTHOR
    comment: str = _COMMENT
    visibility: str = _VISIBILITY
    expires: str = _field(lifetimes.NEVER.name, "Time until it is erased.", enum=list(lifetimes.LIFETIMES))
    burn: bool = _field(False, "Erase it when it is first read.")
    encrypted: bool = _field(False, "The only file is ciphertext.")


class ReplaceIn(Strict):
    """The complete new content of a paste."""

    files: list[FileIn] = _FILES
    title: str = _TITLE
    author: str = _AUTHOR
    comment: str = _COMMENT
    visibility: str = _VISIBILITY


class ChangeIn(Strict):
    """The fields to change. Fields that are missing or null keep their old value. `files` replaces all files."""

    files: list[FileIn] | None = _field(None, "The files, with distinct names.", minItems=1, maxItems=MAX_FILES)
    title: str | None = _field(None, "One line.", maxLength=TITLE_LENGTH)
    author: str | None = _field(None, "One line.", maxLength=AUTHOR_LENGTH)
    comment: str | None = _field(None, "May have several lines.", maxLength=COMMENT_LENGTH)
    visibility: str | None = _field(None, "Who can find it.", enum=[*Visibility.values, None])


class ForkIn(Strict):
    """The fields in which a fork differs from the original."""

    author: str = _AUTHOR
    visibility: str = _VISIBILITY
    expires: str | None = _field(
        None, "As for a new paste. The default is the expiry of the original.", enum=[*lifetimes.LIFETIMES, None]
    )


class FileSummary(Schema):
    """A file without its content. `oid` is the Git blob id of the content."""

    name: str
    language: str
    size_bytes: int
    oid: str


class FileOut(FileSummary):
    """A file with its content."""

    raw_url: str
    content: str


class CopyOut(Schema):
    """The state of a paste's copy in the mirror: none, waiting, held, refused, or mirrored, which has a commit."""

    state: str
    commit: str | None


class PasteSummary(Schema):
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


class PasteOut(PasteSummary):
    """A paste with its files, which are omitted if it burns after reading."""

    mirror: CopyOut
    files: list[FileOut]


class PasteCreated(PasteOut):
    """A new paste with its edit token, which is needed to edit and delete it."""

    token: str


class StateOut(Schema):
    """The state of a paste: `published`, or `hidden` from everyone but moderators."""

    key: str
    state: str


class PastesOut(Schema):
    """A page of a list, newest first. `next` is the URL of the next page, or null on the last page."""

    pastes: list[PasteSummary]
    next: str | None


class RevisionSummary(Schema):
    """A revision in a list."""

    number: int
    created_at: datetime
    files: list[FileSummary]


class RevisionsOut(Schema):
    """A page of revisions, newest first."""

    revisions: list[RevisionSummary]
    next: str | None


class RevisionFile(FileSummary):
    """A file of a revision."""

    content: str


class RevisionOut(Schema):
    """A revision with its files."""

    number: int
    created_at: datetime
    files: list[RevisionFile]


class FileDiff(Schema):
    """The changes to a file: `added`, `removed` or `changed`, with a unified diff."""

    name: str
    change: str
    diff: str


class DiffOut(Schema):
    """The changes between two revisions."""

    before: int
    after: int
    files: list[FileDiff]


class LanguageOut(Schema):
    """A language with its name, label, aliases and file extensions."""

    name: str
    label: str
    aliases: list[str]
    extensions: list[str]


class RatesOut(Schema):
    """The caller's rate limits, such as `10/minute burst 5, 200/day`, or `off`."""

    create: str
    read: str
    delete: str


class LimitsOut(Schema):
    """The limits and choices for pastes."""

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
    """An error with a stable code and a message, and its field and limit if there are any."""

    code: str
    message: str
    field: str | None = None
    limit: int | None = None


class ErrorOut(Schema):
    """The response to every failed request."""

    error: Problem
