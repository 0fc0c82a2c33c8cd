"""Parses the metadata in a paste's folder, which anyone with push access may have written. Pure: no I/O."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from gitsync.format import tree
from gitsync.repository.history import TreeRow
from pastes.errors import RefusedError
from pastes.lifecycle.draft import MAX_FILES, Draft, NewFile, clean_name
from pastes.rules import keys
from pastes.rules.languages import LANGUAGES

_Kind = TypeVar("_Kind")
MAX_METADATA_BYTES = 256 * 1024
#: The largest number that fits into the database column.
MAX_REVISION = 2**31 - 1


class DamagedError(Exception):
    """Content in Git cannot become a paste. The message gives the reason and quotes no more than one line."""


class FileMetadata(NamedTuple):
    """The metadata of a file: its name in the folder, its name on the site, and its language."""

    path: str
    name: str
    language: str


@dataclass(frozen=True)
class Metadata:
    """The content of `.pasteur.json`: a paste without its files' content, and a revision; 0 if there is no metadata."""

    paste: Draft = field(default_factory=Draft)
    created_at: datetime | None = None
    revision: int = 0
    revised_at: datetime | None = None
    revised_by: str = ""
    files: Sequence[FileMetadata] = ()


NO_METADATA = Metadata()


def parse(content: bytes, key: str) -> Metadata:
    """Return the metadata of the paste `key`. Raises DamagedError."""
    try:
        row = json.loads(content)
    except (ValueError, RecursionError):
        raise DamagedError("its metadata is not JSON") from None
    if not isinstance(row, dict) or row.get("format") != tree.FORMAT:
        raise DamagedError("its metadata has an unknown format")
    if row.get("key") != key:
        raise DamagedError("its metadata contains a different key")
    revision = _typed(row, "revision", int)
    if not 0 < revision <= MAX_REVISION:
        raise DamagedError("its metadata contains a revision number that is out of range")
    paste = Draft(
        title=_typed(row, "title", str),
        author=_typed(row, "author", str),
        comment=_typed(row, "comment", str),
        visibility=_typed(row, "visibility", str),
        encrypted=_typed(row, "encrypted", bool),
        old_code=_old_code(row),
        expires_at=_date(row, "expires_at") if "expires_at" in row else None,
        forked_from=_typed(row, "forked_from", str) if "forked_from" in row else "",
    )
    return Metadata(
        paste=paste,
        created_at=_date(row, "created_at"),
        revision=revision,
        revised_at=_date(row, "revised_at"),
        revised_by=_typed(row, "revised_by", str) if "revised_by" in row else "",
        files=[_file(entry) for entry in _typed(row, "files", list)],
    )


def text_oids(rows: Sequence[TreeRow]) -> dict[str, str]:
    """Return the blob ids of the files in a folder, keyed by name. Raise DamagedError if any is not a regular file."""
    if not all(row.is_file for row in rows):
        raise DamagedError("it contains entries that are not regular files")
    oids = {row.name: row.oid for row in rows if row.name != tree.METADATA}
    if not oids:
        raise DamagedError("it contains no files")
    if len(oids) > MAX_FILES:
        raise DamagedError(f"it contains more than {MAX_FILES} files")
    return oids


def build_files(metadata: Metadata, texts: Mapping[str, bytes]) -> list[NewFile]:
    """Return a paste's files, in order, given their contents keyed by name in the folder. Raises DamagedError.

    Files that the metadata does not list come last and keep their names.
    """
    listed = {file.path: file for file in metadata.files if file.path in texts}
    unlisted = {path: FileMetadata(path, path, "") for path in texts if path not in listed}
    return [_new_file(file, texts[path]) for path, file in {**listed, **unlisted}.items()]


def _new_file(file: FileMetadata, content: bytes) -> NewFile:
    try:
        text = content.decode()
        name = clean_name(file.name)
    except UnicodeDecodeError:
        raise DamagedError("one of its files is not UTF-8") from None
    except RefusedError as refused:
        raise DamagedError(refused.message) from None
    return NewFile(content=text, name=name, language=file.language if file.language in LANGUAGES else "")


def _file(entry: Any) -> FileMetadata:
    if not isinstance(entry, dict):
        raise DamagedError("its metadata contains an invalid list of files")
    return FileMetadata(_typed(entry, "path", str), _typed(entry, "name", str), _typed(entry, "language", str))


def _typed(row: dict[str, Any], name: str, kind: type[_Kind]) -> _Kind:
    value = row.get(name)
    if type(value) is not kind:
        raise DamagedError(f"its metadata contains no valid {name}")
    return value


def _old_code(row: dict[str, Any]) -> str | None:
    if "old_code" not in row:
        return None
    code = _typed(row, "old_code", str)
    if not keys.is_valid_old_code(code):
        raise DamagedError("its metadata contains an invalid old code")
    return code


def _date(row: dict[str, Any], name: str) -> datetime:
    try:
        date = datetime.fromisoformat(_typed(row, name, str))
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise DamagedError(f"its metadata contains no valid date in {name}") from None
