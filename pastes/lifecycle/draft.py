"""The content of a paste before it is stored, and its validation. Nothing in this module writes to the database."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn, TypeVar

from django.conf import settings
from django.utils.translation import gettext

from pastes.errors import RefusedError, too_large
from pastes.models import AUTHOR_LENGTH, COMMENT_LENGTH, NAME_BYTES, TITLE_LENGTH, Paste, Visibility
from pastes.rules import ciphertext, keys, languages
from pastes.rules.display import DEFAULT_STEM

MAX_FILES = 50
_VISIBILITIES = tuple(Visibility.values)
_Checked = TypeVar("_Checked")


@dataclass(frozen=True)
class NewFile:
    """A file to be stored. An empty name gets a default; an empty language is derived from the name."""

    content: str
    name: str = ""
    language: str = ""


@dataclass(frozen=True)
class NewRevision:
    """A revision to be stored. `author` is only set if it differs from the author of the paste."""

    number: int
    created_at: datetime
    files: Sequence[NewFile]
    author: str = ""


@dataclass(frozen=True)
class Draft:
    """The content of a paste, as passed between publishing, editing, forking, restoring and the mirror.

    A paste expires `lifetime` after its publication or at `expires_at`; if both are None, it never expires. `old_code`
    is its code in the original Pasteur. When a paste is restored, its files are in its revisions instead.
    """

    files: Sequence[NewFile] = ()
    title: str = ""
    author: str = ""
    comment: str = ""
    visibility: str = Visibility.UNLISTED
    lifetime: timedelta | None = None
    burn: bool = False
    encrypted: bool = False
    forked_from: str = ""
    expires_at: datetime | None = None
    old_code: str | None = None

    @classmethod
    def of(cls, paste: Paste) -> "Draft":
        """Return the content of a stored paste as a draft."""
        return cls(
            files=[NewFile(file.content, file.name, file.language) for file in paste.files],
            title=paste.title,
            author=paste.author,
            comment=paste.comment,
            visibility=paste.visibility,
            burn=paste.burn,
            encrypted=paste.encrypted,
        )


def validate(draft: Draft) -> Draft:
    """Return the draft with file names and languages filled in. Raise RefusedError if it is invalid."""
    files = validate_files(draft.files, encrypted=draft.encrypted)
    return replace(validate_fields(draft), files=files)


def validate_fields(draft: Draft) -> Draft:
    """Return the draft with its text fields stripped and its files unchanged. Raise RefusedError if it is invalid."""
    if draft.visibility not in _VISIBILITIES:
        _refuse("visibility", f"visibility must be one of {', '.join(_VISIBILITIES)}.", "visibility")
    if draft.forked_from and not keys.is_valid_key(draft.forked_from):
        _refuse("forked_from", "forked_from must be the key of a paste.", "forked_from")
    return replace(
        draft,
        title=_line("title", draft.title, TITLE_LENGTH),
        author=_line("author", draft.author, AUTHOR_LENGTH),
        comment=_text("comment", draft.comment, COMMENT_LENGTH),
    )


def validate_files(files: Sequence[NewFile], *, encrypted: bool = False) -> list[NewFile]:
    """Return the files with names and languages filled in. Raise RefusedError if one of them is invalid.

    An encrypted paste is a single file that contains all the others.
    """
    if not files:
        _refuse("empty", gettext("There is no text to paste."), "files")
    if len(files) > MAX_FILES:
        message = gettext("A paste may contain at most %(limit)s files.") % {"limit": MAX_FILES}
        _refuse("too_many_files", message, "files", limit=MAX_FILES)
    has_text = any(file.content for file in files)  # A paste has some; a file such as __init__.py may be empty.
    if (
        sum(_for_each(files, lambda file: _validate_content(file.content, may_be_empty=has_text)))
        > settings.PASTEUR_MAX_BYTES
    ):
        raise too_large(settings.PASTEUR_MAX_BYTES)
    if encrypted:
        if len(files) > 1:
            _refuse("ciphertext", gettext("An encrypted paste consists of a single file, the ciphertext."), "files")
        ciphertext.check(files[0].content)
    requested = {file.name.casefold() for file in files}
    used: set[str] = set()
    return _for_each(files, lambda file: _validate_file(file, requested, used))


def _for_each(files: Sequence[NewFile], check: Callable[[NewFile], _Checked]) -> list[_Checked]:
    """Return the result of `check` for each file. If it raises RefusedError, add the file's position to the error."""
    results = []
    for position, file in enumerate(files):
        try:
            results.append(check(file))
        except RefusedError as refused:
            refused.file = position
            raise
    return results


def _validate_content(content: str, *, may_be_empty: bool) -> int:
    """Return the length of the content in bytes."""
    if content.isspace() or (not content and not may_be_empty):
        _refuse("empty", gettext("A file must not be empty."), "content")
    if "\0" in content:
        message = gettext("The text contains a NUL character at position %(position)s.")
        _refuse("nul_byte", message % {"position": content.index(chr(0))}, "content")
    try:
        return len(content.encode())
    except UnicodeEncodeError as error:
        message = gettext("The text contains an unpaired surrogate at position %(position)s.") % {
            "position": error.start
        }
        _refuse("not_utf8", message, "content", status=400)


def _validate_file(file: NewFile, requested: set[str], used: set[str]) -> NewFile:
    language = languages.named(file.language) if file.language else languages.of_file(file.name)
    if language is None:
        message = gettext("Unknown language: “%(name)s”.") % {"name": _printable(file.language)}
        _refuse("language", message, "language")
    name = clean_name(file.name) or _free_name(language, requested | used)
    if name.casefold() in used:
        _refuse("duplicate_name", gettext("Two files are named “%(name)s”.") % {"name": _printable(name)}, "name")
    used.add(name.casefold())
    return NewFile(content=file.content, name=name, language=language.name)


def _printable(text: str) -> str:
    """Return the first 50 characters for use in a message, with unprintable ones replaced by U+FFFD."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:50])


def clean_name(name: str) -> str:
    """Return the base name of a path, as browsers do, or an empty string if it is blank. Raise RefusedError."""
    if len(name.encode(errors="replace")) > NAME_BYTES:
        message = gettext("A file name may be at most %(limit)s bytes long.") % {"limit": NAME_BYTES}
        _refuse("name_too_long", message, "name", limit=NAME_BYTES)
    _refuse_controls("name", name)
    base = name.replace("\\", "/").rpartition("/")[2]
    if not name.strip():
        return ""
    if base.strip() in {"", ".", ".."}:
        _refuse("name", gettext("A file name cannot be a folder."), "name")
    return base


def _free_name(language: languages.Language, used: Iterable[str]) -> str:
    extension = language.extensions[0]
    count = 1
    while (name := f"{DEFAULT_STEM}{'' if count == 1 else f'-{count}'}.{extension}") in used:
        count += 1
    return name


def _line(name: str, value: str, limit: int) -> str:
    _refuse_controls(name, value)
    return _text(name, value, limit)


def _text(name: str, value: str, limit: int) -> str:
    value = value.strip()
    if len(value) > limit:
        message = gettext("%(name)s may be at most %(limit)s characters long.") % {"name": name, "limit": limit}
        _refuse("too_long", message, name, limit=limit)
    _refuse_controls(name, value, allowed="\n\r\t")
    return value


def _refuse_controls(name: str, value: str, allowed: str = "") -> None:
    """Raise RefusedError if the value contains control characters, line separators or lone surrogates."""
    if value.isprintable():
        return
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} and character not in allowed:
            message = gettext("%(name)s contains the control character %(character)s.")
            _refuse("control_character", message % {"name": name, "character": f"U+{ord(character):04X}"}, name)


def _refuse(code: str, message: str, field_name: str, *, status: int = 422, limit: int | None = None) -> NoReturn:
    raise RefusedError(code, message, status=status, field=field_name, limit=limit)
