"""Formats commits for `git fast-import`. Pure: no process, no database.

The format: https://git-scm.com/docs/git-fast-import#_input_format
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gitsync.format.tree import TreeEntry

#: The ref of the newest commit in the worker's clone, which is never pushed.
NEXT_REF = "refs/pasteur/next"

COMMITTER = "Pasteur"
#: No forge account can have an address under .invalid (RFC 2606).
EMAIL = "paste@pasteur.invalid"
CHANGE_TRAILER = "Pasteur-Change"
#: Trailer of the commit that announces a purge to other sites; its value is the `purge_digest` of the key.
PURGED_TRAILER = "Pasteur-Purged"

_SUBJECT_LENGTH = 100
_ADDRESS_NAME_LENGTH = 60
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")
_VERBS = {"publish": "Publish", "edit": "Edit", "remove": "Remove", "prune": "Prune", "restore": "Restore"}


@dataclass(frozen=True)
class Identity:
    """The committer of all commits, the email address of authors, and whether commits are signed off (DCO).

    In `author_email`, `{name}` stands for the author's name in lowercase, with everything except ASCII letters and
    digits replaced by dots.
    """

    name: str = COMMITTER
    email: str = EMAIL
    author_email: str = EMAIL
    sign_off: bool = False

    @property
    def committer(self) -> str:
        """The committer in Git's format, without a date."""
        return f"{self.name} <{self.email}>"

    def author(self, author: str) -> str:
        """Return an author line in which visitor input cannot end the name or start another field."""
        name = re.sub(r"[<>]", "", plain_line(author)).strip(" .,:;\"'\\") or "Anonymous"
        address_name = re.sub(r"[^a-z0-9]+", ".", name.lower()).strip(".")[:_ADDRESS_NAME_LENGTH].strip(".")
        return f"{name} <{self.author_email.replace('{name}', address_name or 'anonymous')}>"


@dataclass(frozen=True)
class Commit:
    """The commit for one change. `entries` are the files in the folder; if there are none, the folder is deleted."""

    change: str
    kind: str
    key: str
    folder: str
    author: str
    title: str
    written_at: datetime
    entries: tuple[TreeEntry, ...] = ()
    #: The root file that the paste was imported from; this commit deletes it.
    moved_from: str = ""
    identity: Identity = Identity()


def stream(commit: Commit, *, mark: int, parent: str, committed_at: int) -> Iterable[bytes]:
    """Yield one commit for fast-import.

    `parent` is an object id, a mark such as `:7`, or empty for the first commit on a branch. `committed_at` is in
    seconds and not earlier than the parent's commit date, unless that is in the future.
    """
    message = _message(commit)
    yield (
        f"commit {NEXT_REF}\n"
        f"mark :{mark}\n"
        f"author {commit.identity.author(commit.author)} {int(commit.written_at.timestamp())} +0000\n"
        f"committer {commit.identity.committer} {committed_at} +0000\n"
        f"data {len(message)}\n"
    ).encode()
    yield message
    yield f"\nfrom {parent}\n".encode() if parent else b"\n"
    yield f"D {quoted(commit.folder)}\n".encode()
    if commit.moved_from:
        yield f"D {quoted(commit.moved_from)}\n".encode()
    for entry in commit.entries:
        path = quoted(f"{commit.folder}/{entry.name}")
        yield f"M 100644 inline {path}\ndata {len(entry.content)}\n".encode()
        yield entry.content
        yield b"\n"


def purge_digest(key: str) -> str:
    """Return a digest by which a site that knows the key recognizes the purged paste; it does not reveal the key."""
    return hashlib.sha256(f"pasteur {key}".encode()).hexdigest()


def plain_line(text: str) -> str:
    """Return text as one line without control, format or separator characters."""
    if text.isprintable():  # The fast path: none of these characters is printable.
        return re.sub(" +", " ", text).strip()
    visible = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return re.sub(" +", " ", "".join(visible)).strip()


def quoted(path: str) -> str:
    """Return a path in fast-import's C-style quotes."""
    if _PLAIN.fullmatch(path):
        return f'"{path}"'
    escaped = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in path.encode())
    return f'"{escaped}"'


def _message(commit: Commit) -> bytes:
    title = plain_line(commit.title) or commit.key
    if len(title) > _SUBJECT_LENGTH:
        title = title[: _SUBJECT_LENGTH - 1] + "…"
    sign_off = f"Signed-off-by: {commit.identity.author(commit.author)}\n" if commit.identity.sign_off else ""
    return (
        f"{_VERBS[commit.kind]} {title}\n\n"
        f"Pasteur-Key: {commit.key}\n"
        f"Pasteur-Kind: {commit.kind}\n"
        f"{CHANGE_TRAILER}: {commit.change}\n{sign_off}"
    ).encode()
