"""What a caller hands in to become a paste, and the rules that it has to keep. Pure: nothing is read or stored."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn, TypeVar

from django.conf import settings
from django.utils.translation import gettext

from pastes.errors import RefusedError, too_large
from pastes.models import AUTHOR_LENGTH, COMMENT_LENGTH, NAME_BYTES, TITLE_LENGTH, Visibility
from pastes.rules import ciphertext, keys, languages
from pastes.rules.display import DEFAULT_STEM

MAX_FILES = 50
_VISIBILITIES = tuple(Visibility.values)
_Checked = TypeVar("_Checked")


@dataclass(frozen=True)
class NewFile:
    """A file to be stored. An empty name is given one; an empty language follows from the name."""

    content: str
    name: str = ""
    language: str = ""


@dataclass(frozen=True)
class Draft:
    """A paste to be stored. `lifetime` counts from the moment of publishing, None is for ever."""

    files: Sequence[NewFile]
    title: str = ""
    author: str = ""
    comment: str = ""
    visibility: str = Visibility.UNLISTED
    lifetime: timedelta | None = None
    burn: bool = False
    encrypted: bool = field(default=False)
    forked_from: str = ""


def checked(draft: Draft) -> Draft:
    """Return the draft with names and languages filled in. Raises RefusedError when it breaks a rule."""
    if draft.visibility not in _VISIBILITIES:
        _refuse("visibility", f"visibility must be one of {', '.join(_VISIBILITIES)}.", "visibility")
    if draft.forked_from and not keys.can_be(draft.forked_from):
        _refuse("forked_from", "forked_from must be the key of a paste.", "forked_from")
    return Draft(
        files=checked_files(draft.files, encrypted=draft.encrypted),
        title=_line("title", draft.title, TITLE_LENGTH),
        author=_line("author", draft.author, AUTHOR_LENGTH),
        comment=_text("comment", draft.comment, COMMENT_LENGTH),
        visibility=draft.visibility,
        lifetime=draft.lifetime,
        burn=draft.burn,
        encrypted=draft.encrypted,
        forked_from=draft.forked_from,
    )


def checked_files(files: Sequence[NewFile], *, encrypted: bool = False) -> list[NewFile]:
    """Return the files with names and languages filled in. Raises RefusedError when one of them breaks a rule.

    An encrypted paste is one file, in which all of them are sealed.
    """
    if not files:
        _refuse("empty", gettext("There is no text to paste."), "files")
    if len(files) > MAX_FILES:
        message = gettext("A paste may have at most %(most)s files.") % {"most": MAX_FILES}
        _refuse("too_many_files", message, "files", limit=MAX_FILES)
    if sum(_each(files, lambda file: _checked_size(file.content))) > settings.PASTEUR_MAX_BYTES:
        raise too_large(settings.PASTEUR_MAX_BYTES)
    if encrypted:
        if len(files) > 1:
            _refuse(
                "ciphertext", gettext("An encrypted paste is a single file, in which all others are sealed."), "files"
            )
        ciphertext.check(files[0].content)
    given = {file.name.casefold() for file in files}
    taken: set[str] = set()
    return _each(files, lambda file: _checked_file(file, given, taken))


def _each(files: Sequence[NewFile], check: Callable[[NewFile], _Checked]) -> list[_Checked]:
    """Return what a check makes of each file; a refusal says which one it is about."""
    found = []
    for position, file in enumerate(files):
        try:
            found.append(check(file))
        except RefusedError as refused:
            refused.file = position
            raise
    return found


def _checked_size(content: str) -> int:
    if not content or content.isspace():
        _refuse("empty", gettext("A file without text cannot be pasted."), "content")
    if "\0" in content:
        message = gettext("The text has a NUL character at position %(position)s.")
        _refuse("nul_byte", message % {"position": content.index(chr(0))}, "content")
    try:
        return len(content.encode())
    except UnicodeEncodeError as error:
        message = gettext("The text has half a surrogate pair at position %(position)s.") % {"position": error.start}
        _refuse("not_utf8", message, "content", status=400)


def _checked_file(file: NewFile, given: set[str], taken: set[str]) -> NewFile:
    language = languages.named(file.language) if file.language else languages.of_file(file.name)
    if language is None:
        message = gettext("There is no language called %(name)r.") % {"name": file.language[:50]}
        _refuse("language", message, "language")
    name = clean_name(file.name) or _free_name(language, given | taken)
    if name.casefold() in taken:
        _refuse("duplicate_name", gettext("Two files are called %(name)r.") % {"name": name[:50]}, "name")
    taken.add(name.casefold())
    return NewFile(content=file.content, name=name, language=language.name)


def clean_name(name: str) -> str:
    """Return the last part of what may be a path, as browsers do. Raises RefusedError for no name at all."""
    if len(name.encode(errors="replace")) > NAME_BYTES:
        message = gettext("A file name may have at most %(most)s bytes.") % {"most": NAME_BYTES}
        _refuse("name_too_long", message, "name", limit=NAME_BYTES)
    _refuse_controls("name", name)
    last = name.replace("\\", "/").rpartition("/")[2]
    if not name.strip():
        return ""
    if last.strip() in {"", ".", ".."}:
        _refuse("name", gettext("A file name cannot be a folder."), "name")
    return last


def _free_name(language: languages.Language, taken: Iterable[str]) -> str:
    ending = language.extensions[0]
    count = 1
    while (name := f"{DEFAULT_STEM}{'' if count == 1 else f'-{count}'}.{ending}") in taken:
        count += 1
    return name


def _line(name: str, value: str, most: int) -> str:
    _refuse_controls(name, value)
    return _text(name, value, most)


def _text(name: str, value: str, most: int) -> str:
    value = value.strip()
    if len(value) > most:
        message = gettext("%(name)s may have at most %(most)s characters.") % {"name": name, "most": most}
        _refuse("too_long", message, name, limit=most)
    _refuse_controls(name, value, allowed="\n\r\t")
    return value


def _refuse_controls(name: str, value: str, allowed: str = "") -> None:
    """Refuse control characters, line separators and halves of surrogate pairs, which no line of text may have."""
    if value.isprintable():
        return
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} and character not in allowed:
            message = gettext("%(name)s has the control character %(character)s.")
            _refuse("control_character", message % {"name": name, "character": f"U+{ord(character):04X}"}, name)


def _refuse(code: str, message: str, field_name: str, *, status: int = 422, limit: int | None = None) -> NoReturn:
    raise RefusedError(code, message, status=status, field=field_name, limit=limit)
