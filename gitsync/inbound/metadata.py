"""What the folder of a paste says in Git, when anybody may have written it. Pure: nothing is read or stored here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from gitsync.format import tree
from gitsync.repository.history import TreeRow
from pastes.errors import RefusedError
from pastes.lifecycle.draft import MAX_FILES, Draft, NewFile, clean_name
from pastes.rules import keys
from pastes.rules.languages import LANGUAGES

_Kind = TypeVar("_Kind")
#: The longest metadata that anything is read from.
METADATA_BYTES = 256 * 1024
#: The greatest number that the database takes.
LAST_REVISION = 2**31 - 1


class DamagedError(Exception):
    """What lies in Git cannot be a paste. The text says why, and repeats nothing that is longer than a line."""


@dataclass(frozen=True)
class Metadata:
    """The content of `.pasteur.json`: a paste without its texts, and a revision; `files` are (path, name, language)."""

    paste: Draft = field(default_factory=Draft)
    created_at: datetime | None = None
    revision: int = 0
    revised_at: datetime | None = None
    revised_by: str = ""
    files: Sequence[tuple[str, str, str]] = field(default_factory=tuple)


#: What there is to know where nobody wrote any.
NO_METADATA = Metadata()


def metadata(content: bytes, key: str) -> Metadata:
    """Return what the metadata of a paste says. Raises DamagedError."""
    try:
        row = json.loads(content)
    except (ValueError, RecursionError):
        raise DamagedError("its metadata is no JSON") from None
    if not isinstance(row, dict) or row.get("format") != tree.FORMAT:
        raise DamagedError("its metadata has a format that is not known here")
    if row.get("key") != key:
        raise DamagedError("its metadata names another key")
    revision = _typed(row, "revision", int)
    if not 0 < revision <= LAST_REVISION:
        raise DamagedError("its metadata has no number of a revision")
    paste = Draft(
        title=_typed(row, "title", str),
        author=_typed(row, "author", str),
        comment=_typed(row, "comment", str),
        visibility=_typed(row, "visibility", str),
        encrypted=_typed(row, "encrypted", bool),
        old_code=_old_code(row),
        expires_at=_time(row, "expires_at") if "expires_at" in row else None,
        forked_from=_typed(row, "forked_from", str) if "forked_from" in row else "",
    )
    return Metadata(
        paste=paste,
        created_at=_time(row, "created_at"),
        revision=revision,
        revised_at=_time(row, "revised_at"),
        revised_by=_typed(row, "revised_by", str) if "revised_by" in row else "",
        files=[_file(one) for one in _typed(row, "files", list)],
    )


def contents(entries: Sequence[TreeRow]) -> dict[str, str]:
    """Return the id of every text of a folder by its path there. Raises DamagedError for what is not a plain file."""
    for entry in entries:
        if not entry.is_file:
            raise DamagedError("it holds something else than plain files")
    found = {entry.name: entry.oid for entry in entries if entry.name != tree.METADATA}
    if not found:
        raise DamagedError("it holds no text")
    if len(found) > MAX_FILES:
        raise DamagedError(f"it holds more than {MAX_FILES} files")
    return found


def files(said: Metadata, texts: Mapping[str, bytes]) -> list[NewFile]:
    """Return the files of a paste, in their order, from its texts by their path in the folder. Raises DamagedError.

    A text that the metadata does not speak of comes last, under the name that it has in the folder.
    """
    known = {path: (name, language) for path, name, language in said.files if path in texts}
    order = [*known, *(path for path in texts if path not in known)]
    return [_new_file(*known.get(path, (path, "")), texts[path]) for path in order]


def _new_file(name: str, language: str, content: bytes) -> NewFile:
    try:
        text = content.decode()
        name = clean_name(name)
    except UnicodeDecodeError:
        raise DamagedError("one of its texts is not UTF-8") from None
    except RefusedError as refused:
        raise DamagedError(refused.message) from None
    return NewFile(content=text, name=name, language=language if language in LANGUAGES else "")


def _file(one: Any) -> tuple[str, str, str]:
    if not isinstance(one, dict):
        raise DamagedError("its metadata has files of the wrong kind")
    return _typed(one, "path", str), _typed(one, "name", str), _typed(one, "language", str)


def _typed(row: dict[str, Any], name: str, kind: type[_Kind]) -> _Kind:
    value = row.get(name)
    if type(value) is not kind:
        raise DamagedError(f"its metadata has no {name} of the right kind")
    return value


def _old_code(row: dict[str, Any]) -> str | None:
    if "old_code" not in row:
        return None
    code = _typed(row, "old_code", str)
    if not keys.can_be_old(code):
        raise DamagedError("its metadata has an old code that cannot be one")
    return code


def _time(row: dict[str, Any], name: str) -> datetime:
    try:
        found = datetime.fromisoformat(_typed(row, name, str))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise DamagedError(f"its metadata has no date in {name}") from None
