"""How a paste lies in the tree: its folder, the names in it, and its metadata. Pure: no Git, no database, no settings.

k/3/x/k3x9m2p7ab/.pasteur.json     all that is needed to rebuild the row
k/3/x/k3x9m2p7ab/hello.py          the text itself, under its own name
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
#: Names that are devices on Windows, whatever their ending.
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])( *\..*)?", re.IGNORECASE)
#: Names that Git, or a forge, acts on wherever they lie.
_ACTS = re.compile(r"(\.git.*|git~\d+.*|\.mailmap|\.pasteur\.json|readme(\..*)?)", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_FOLDER = re.compile(r"([0-9a-z])/([0-9a-z])/([0-9a-z])/(\1\2\3[0-9a-z]*)/")


class TreeEntry(NamedTuple):
    """A file of a folder: its name there, the id of its blob, and its bytes where they are at hand."""

    name: str
    oid: str
    content: bytes = b""


class Facts(NamedTuple):
    """What the metadata says of a paste and of one of its revisions, beside its files; dates as `moment` tells them."""

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


class Text(NamedTuple):
    """What the folder shows of a file: its name, its language, and the id of its content."""

    name: str
    language: str
    oid: str


def moment(at: datetime | None) -> str:
    """Return a date as the metadata shows it; nothing for none."""
    return at.isoformat(timespec="microseconds") if at else ""


def folder(key: str) -> str:
    """Return the folder of a paste; three levels of 32 keep every tree small."""
    return f"{key[0]}/{key[1]}/{key[2]}/{key}"


def key_of(path: str) -> str | None:
    """Return the key of the paste in whose folder a path lies, or None for a path that is not ours."""
    match = _FOLDER.match(path)
    return match[4] if match else None


def entries(paste: Paste, revision: Revision, files: Iterable[File], *, with_content: bool) -> list[TreeEntry]:
    """Return what the folder of a paste holds for one of its revisions, sorted as Git sorts a tree."""
    files = list(files)
    facts = Facts(
        *(paste.key, paste.title, paste.author, paste.comment, paste.visibility, paste.encrypted),
        *(moment(paste.created_at), moment(paste.expires_at), paste.old_code, paste.forked_from),
        *(revision.number, moment(revision.created_at), revision.author),
    )
    contents = [file.content.encode() for file in files] if with_content else []
    return laid_out(facts, [Text(file.name, file.language, file.oid) for file in files], contents)


def laid_out(facts: Facts, texts: Sequence[Text], contents: Sequence[bytes] = ()) -> list[TreeEntry]:
    """Return what a folder holds, sorted as Git sorts a tree; without contents, its texts by their ids alone."""
    names = tree_names(text.name for text in texts)
    metadata = _metadata(facts, names, texts)
    found = [TreeEntry(METADATA, blob_oid(metadata), metadata)]
    for number, (name, text) in enumerate(zip(names, texts, strict=True)):
        found.append(TreeEntry(name, text.oid, contents[number] if contents else b""))
    found.sort()  # In UTF-8, the order of the letters is that of the bytes.
    return found


def tree_oid(found: Iterable[TreeEntry]) -> str:
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


@lru_cache(maxsize=1_000)  # Most files bear one of few names.
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


def _metadata(facts: Facts, paths: Sequence[str], texts: Sequence[Text]) -> bytes:
    """Return the paste's row as JSON in a fixed order, a line for each field, so that equal rows are equal bytes.

    It is written by hand, since every paste comes by here when the mirror is checked.
    """
    files = ", ".join(
        f'{{"path": {quoted(path)}, "name": {quoted(text.name)}, "language": {quoted(text.language)}}}'
        for path, text in zip(paths, texts, strict=True)
    )
    lines = [
        f'"format": {FORMAT}',
        f'"key": {quoted(facts.key)}',
        f'"title": {quoted(facts.title)}',
        f'"author": {quoted(facts.author)}',
        f'"comment": {quoted(facts.comment)}',
        f'"visibility": {quoted(facts.visibility)}',
        f'"encrypted": {"true" if facts.encrypted else "false"}',
        f'"created_at": "{facts.created_at}"',
        f'"revision": {facts.revision:d}',
        f'"revised_at": "{facts.revised_at}"',
        f'"files": [{files}]',
    ]
    if facts.revised_by:
        lines.append(f'"revised_by": {quoted(facts.revised_by)}')
    if facts.expires_at:
        lines.append(f'"expires_at": "{facts.expires_at}"')
    if facts.old_code:  # Where there is none, no line says so: the metadata of all other pastes stays as it is.
        lines.append(f'"old_code": {quoted(facts.old_code)}')
    if facts.forked_from:
        lines.append(f'"forked_from": {quoted(facts.forked_from)}')
    return "{{\n{}\n}}\n".format(",\n".join(lines)).encode()
