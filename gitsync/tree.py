"""How a paste lies in the tree: its folder, the names in it, and its metadata. Pure: no Git, no database, no settings.

k/3/x/k3x9m2p7ab/.pasteur.json     all that is needed to rebuild the row
k/3/x/k3x9m2p7ab/hello.py          the text itself, under its own name
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from pastes.models import File, Paste, Revision, blob_oid

METADATA = ".pasteur.json"
FORMAT = 1

_NAME_BYTES = 200
#: Names that are devices on Windows, whatever their ending.
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])( *\..*)?", re.IGNORECASE)
#: Names that Git, or a forge, acts on wherever they lie.
_ACTS = re.compile(r"(\.git.*|git~\d+.*|\.mailmap|\.pasteur\.json|readme(\..*)?)", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_FOLDER = re.compile(r"([0-9a-z])/([0-9a-z])/([0-9a-z])/(\1\2\3[0-9a-z]*)/")


@dataclass(frozen=True)
class Entry:
    """A file of a folder: its name there, the id of its blob, and its bytes where they are at hand."""

    name: str
    oid: str
    content: bytes = b""


def folder(key: str) -> str:
    """Return the folder of a paste; three levels of 32 keep every tree small."""
    return f"{key[0]}/{key[1]}/{key[2]}/{key}"


def key_of(path: str) -> str | None:
    """Return the key of the paste in whose folder a path lies, or None for a path that is not ours."""
    match = _FOLDER.match(path)
    return match[4] if match else None


def entries(paste: Paste, revision: Revision, files: Iterable[File], *, with_content: bool) -> list[Entry]:
    """Return what the folder of a paste holds for one of its revisions, sorted as Git sorts a tree."""
    files = list(files)
    names = tree_names([file.name for file in files])
    metadata = _metadata(paste, revision, dict(zip(names, files, strict=True)))
    found = [Entry(METADATA, blob_oid(metadata), metadata)]
    for name, file in zip(names, files, strict=True):
        found.append(Entry(name, file.oid, file.content.encode() if with_content else b""))
    return sorted(found, key=lambda entry: entry.name.encode())


def tree_oid(found: Iterable[Entry]) -> str:
    """Return the id that Git gives a tree of these files (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)."""
    body = b"".join(b"100644 %s\0%s" % (entry.name.encode(), bytes.fromhex(entry.oid)) for entry in found)
    return hashlib.sha1(b"tree %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def tree_names(names: Iterable[str]) -> list[str]:
    """Return, for each file of a paste, a name that is harmless on every disk and in every Git, and unique there."""
    taken: set[str] = {METADATA}
    found = []
    for name in names:
        safe = _unique(_safe(name), taken)
        taken.add(safe.casefold())
        found.append(safe)
    return found


def _safe(name: str) -> str:
    if not _PLAIN.fullmatch(name):
        name = unicodedata.normalize("NFC", name)
        name = "".join("_" if c in '<>:"/\\|?*' or unicodedata.category(c)[0] == "C" else c for c in name)
    name = _ended(name)
    # The check looks at the name as disks compare it: without case and without characters that some of them skip.
    if _DEVICE.fullmatch(name) or _ACTS.fullmatch(name.strip()):
        name = f"_{name}"
    return _shortened(name or "_")


def _shortened(name: str, ending: str = "") -> str:
    """Return the name, cut to _NAME_BYTES with its extension kept; `ending` goes before the extension."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > 20:
        stem, dot, extension = name, "", ""
    room = _NAME_BYTES - len((ending + dot + extension).encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return _ended(f"{stem}{ending}{dot}{extension}")


def _ended(name: str) -> str:
    """Return the name with something in place of the dots and spaces at its end, which Windows drops."""
    stem = name.rstrip(". ")
    return stem + "_" * (len(name) - len(stem))


def _unique(name: str, taken: set[str]) -> str:
    candidate, count = name, 1
    while candidate.casefold() in taken:
        count += 1
        candidate = _shortened(name, f"-{count}")
    return candidate


def _metadata(paste: Paste, revision: Revision, files: dict[str, File]) -> bytes:
    """Return the paste's row as JSON in a fixed order, a line for each field, so that equal rows are equal bytes."""
    row: dict[str, object] = {
        "format": FORMAT,
        "key": paste.key,
        "title": paste.title,
        "author": paste.author,
        "comment": paste.comment,
        "visibility": paste.visibility,
        "encrypted": paste.encrypted,
        "created_at": paste.created_at.isoformat(timespec="microseconds"),
        "revision": revision.number,
        "revised_at": revision.created_at.isoformat(timespec="microseconds"),
        "files": [{"path": path, "name": file.name, "language": file.language} for path, file in files.items()],
    }
    if revision.author:
        row["revised_by"] = revision.author
    if paste.expires_at:
        row["expires_at"] = paste.expires_at.isoformat(timespec="microseconds")
    if paste.old_code:  # Where there is none, no line says so: the metadata of all other pastes stays as it is.
        row["old_code"] = paste.old_code
    if paste.forked_from:
        row["forked_from"] = paste.forked_from
    lines = (f'"{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in row.items())
    return "{{\n{}\n}}\n".format(",\n".join(lines)).encode()
