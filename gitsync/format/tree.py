"""The layout of a paste in the tree: its folder, file names and metadata. Pure: no Git, no database, no settings.

k/3/x/k3x9m2p7ab/.pasteur.json     metadata, from which the row can be rebuilt
k/3/x/k3x9m2p7ab/hello.py          the content of the file, under its own name
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import NamedTuple

from pastes.models import File, Paste, Revision, blob_oid

METADATA = ".pasteur.json"
FORMAT = 1

_NAME_BYTES = 200
#: Windows device names, with any extension.
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])( *\..*)?", re.IGNORECASE)
#: Names that are special to Git or to forges, in any folder. NTFS also accepts short names with a tilde and a number:
#: there, `gitmod~1` means `.gitmodules`, and forges reject it.
_SPECIAL = re.compile(r"(\.git.*|.*~\d.*|\.mailmap|\.pasteur\.json|readme(\..*)?)", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_FOLDER = re.compile(r"([0-9a-z])/([0-9a-z])/([0-9a-z])/(\1\2\3[0-9a-z]*)/")


class TreeEntry(NamedTuple):
    """A file in a folder: its name, its blob id, and its content if requested."""

    name: str
    oid: str
    content: bytes = b""


class PasteFields(NamedTuple):
    """The metadata fields other than the files; dates are formatted by `format_date`."""

    key: str
    title: str
    author: str
    comment: str
    visibility: str
    encrypted: bool
    created_at: str
    expires_at: str
    old_code: str | None
    forked_from: str
    revision: int
    revised_at: str
    revised_by: str


class FileFields(NamedTuple):
    """The metadata fields of a file, and its blob id."""

    name: str
    language: str
    oid: str


def format_date(at: datetime | None) -> str:
    """Format a date for the metadata; return an empty string for None."""
    return at.isoformat(timespec="microseconds") if at else ""


def folder(key: str) -> str:
    """Return the folder of a paste. Three levels of at most 32 subfolders keep every tree small."""
    return f"{key[0]}/{key[1]}/{key[2]}/{key}"


def key_of(path: str) -> str | None:
    """Return the key of the paste whose folder contains a path, or None if there is none."""
    match = _FOLDER.match(path)
    return match[4] if match else None


def entries(paste: Paste, revision: Revision, files: Iterable[File], *, with_content: bool) -> list[TreeEntry]:
    """Return the files in a paste's folder at one revision, in Git's order."""
    files = list(files)
    fields = PasteFields(
        *(paste.key, paste.title, paste.author, paste.comment, paste.visibility, paste.encrypted),
        *(format_date(paste.created_at), format_date(paste.expires_at), paste.old_code, paste.forked_from),
        *(revision.number, format_date(revision.created_at), revision.author),
    )
    contents = [file.content.encode() for file in files] if with_content else []
    return folder_entries(fields, [FileFields(file.name, file.language, file.oid) for file in files], contents)


def folder_entries(fields: PasteFields, files: Sequence[FileFields], contents: Sequence[bytes] = ()) -> list[TreeEntry]:
    """Return the files in a paste's folder, in Git's order; if no contents are given, files have only their ids."""
    names = tree_names(file.name for file in files)
    metadata = _metadata(fields, names, files)
    entries = [TreeEntry(METADATA, blob_oid(metadata), metadata)]
    for number, (name, file) in enumerate(zip(names, files, strict=True)):
        entries.append(TreeEntry(name, file.oid, contents[number] if contents else b""))
    entries.sort()  # UTF-8 sorts like code points.
    return entries


def tree_oid(entries: Iterable[TreeEntry]) -> str:
    """Return the id that Git gives to a tree of these files.

    See https://git-scm.com/book/en/v2/Git-Internals-Git-Objects.
    """
    body = b"".join(b"100644 %s\0%s" % (entry.name.encode(), bytes.fromhex(entry.oid)) for entry in entries)
    return hashlib.sha1(b"tree %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def tree_names(names: Iterable[str]) -> list[str]:
    """Return a name for each file that is safe for Git and unique on every file system."""
    used: set[str] = {METADATA}
    safe_names = []
    for name in names:
        safe = _unique(_safe(name), used)
        used.add(_folded(safe))
        safe_names.append(safe)
    return safe_names


@lru_cache(maxsize=1_000)  # Most files have one of a few names.
def _safe(name: str) -> str:
    if not _PLAIN.fullmatch(name):
        name = unicodedata.normalize("NFC", name)
        name = "".join("_" if c in '<>:"/\\|?*' or unicodedata.category(c)[0] == "C" else c for c in name)
    name = _replace_trailing_dots(name)
    # Compared the way file systems do: ignoring case, and without the characters that some of them ignore.
    if _DEVICE.fullmatch(name) or _SPECIAL.fullmatch(name.strip()):
        name = f"_{name}"
    return _shortened(name or "_")


def _shortened(name: str, ending: str = "") -> str:
    """Return the name, truncated to _NAME_BYTES before its extension, with `ending` inserted before the extension."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > 20:
        stem, dot, extension = name, "", ""
    room = _NAME_BYTES - len((ending + dot + extension).encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return _replace_trailing_dots(f"{stem}{ending}{dot}{extension}")


def _replace_trailing_dots(name: str) -> str:
    """Replace trailing dots and spaces, which Windows drops."""
    stem = name.rstrip(". ")
    return stem + "_" * (len(name) - len(stem))


def _folded(name: str) -> str:
    """Return a name as compared by file systems that normalize and ignore case, some by upper and some by lowercase."""
    if name.isascii():
        return name.casefold()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).upper().casefold())


def _unique(name: str, used: set[str]) -> str:
    candidate, count = name, 1
    while _folded(candidate) in used:
        count += 1
        candidate = _shortened(name, f"-{count}")
    return candidate


def _metadata(paste: PasteFields, paths: Sequence[str], files: Sequence[FileFields]) -> bytes:
    """Return the metadata as JSON, one field per line in a fixed order, so that equal rows give equal bytes.

    It is formatted by hand for speed, because checking the mirror does this for every paste.
    """
    file_list = ", ".join(
        f'{{"path": {quoted(path)}, "name": {quoted(file.name)}, "language": {quoted(file.language)}}}'
        for path, file in zip(paths, files, strict=True)
    )
    lines = [
        f'"format": {FORMAT}',
        f'"key": {quoted(paste.key)}',
        f'"title": {quoted(paste.title)}',
        f'"author": {quoted(paste.author)}',
        f'"comment": {quoted(paste.comment)}',
        f'"visibility": {quoted(paste.visibility)}',
        f'"encrypted": {"true" if paste.encrypted else "false"}',
        f'"created_at": "{paste.created_at}"',
        f'"revision": {paste.revision:d}',
        f'"revised_at": "{paste.revised_at}"',
        f'"files": [{file_list}]',
    ]
    if paste.revised_by:
        lines.append(f'"revised_by": {quoted(paste.revised_by)}')
    if paste.expires_at:
        lines.append(f'"expires_at": "{paste.expires_at}"')
    if paste.old_code:  # Optional fields are written only if set, so the metadata of older pastes does not change.
        lines.append(f'"old_code": {quoted(paste.old_code)}')
    if paste.forked_from:
        lines.append(f'"forked_from": {quoted(paste.forked_from)}')
    return "{{\n{}\n}}\n".format(",\n".join(lines)).encode()
