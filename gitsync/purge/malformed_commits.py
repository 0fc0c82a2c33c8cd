"""Replaces commits that `git fast-export` cannot read while a history is rewritten.

Git accepts commits from others without an author or a committer, or with a NUL byte in their header; fast-export ends
at the first one. The replacements (git-replace(1)) are gone before the new history is pushed.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, cast

from gitsync.errors import CloneBrokenError
from gitsync.repository.batches import in_batches
from gitsync.repository.repository import Repository

_COMMITS_AT_ONCE = 5_000
_REF = "refs/replace/"
_READABLE = re.compile(rb"[^\0]*?\nauthor [^\0]*?\ncommitter ")
_UNKNOWN = b"<> 0 +0000"


@contextmanager
def replaced(clone: Repository, *revisions: str) -> Iterator[None]:
    """Replace the malformed commits of a range for the length of the block."""
    _remove_replacements(clone)  # A killed process may have left them.
    try:
        for oid, body in _malformed(clone, revisions):
            options = ("hash-object", "-t", "commit", "-w", "--stdin", "--literally")
            copy = clone.ask(*options, stdin=repaired(body)).decode().strip()
            clone.ask("update-ref", f"{_REF}{oid}", copy)
        yield
    finally:
        _remove_replacements(clone)


def repaired(body: bytes) -> bytes:
    """Return a commit with one author and one committer, each taken from the other one if it is missing."""
    header, _, message = body.partition(b"\n\n")
    lines = header.replace(b"\0", b"").split(b"\n")
    found = {line.partition(b" ")[0]: line.partition(b" ")[2] for line in reversed(lines)}
    author = found.get(b"author") or found.get(b"committer") or _UNKNOWN
    committer = found.get(b"committer") or author
    kept = [line for line in lines if line.startswith((b"tree ", b"parent "))]
    return b"\n".join([*kept, b"author " + author, b"committer " + committer, b"", message])


def _malformed(clone: Repository, revisions: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    with clone.reading("rev-list", *revisions) as process:
        for batch in in_batches(cast("IO[bytes]", process.stdout), _COMMITS_AT_ONCE):
            yield from _unreadable(clone.ask("cat-file", "--batch", stdin=b"".join(batch)))
        if process.wait():
            raise CloneBrokenError("git rev-list could not read the history")


def _unreadable(output: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (id, content) of the commits in the output of `git cat-file --batch` that fast-export cannot read."""
    start = 0
    while start < len(output):
        end = output.index(b"\n", start)
        oid, kind, size = output[start:end].decode().split(" ")
        body = output[end + 1 : end + 1 + int(size)]
        if kind == "commit" and not _READABLE.match(body.partition(b"\n\n")[0]):
            yield oid, body
        start = end + 2 + int(size)


def _remove_replacements(clone: Repository) -> None:
    for ref in clone.ask("for-each-ref", "--format=%(refname)", _REF).decode().split():
        clone.ask("update-ref", "-d", ref)
