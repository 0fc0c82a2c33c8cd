"""Removes pastes from a stream of `git fast-export --no-data --show-original-ids`. Pure: bytes in, bytes out.

The format: https://git-scm.com/docs/git-fast-import#_input_format
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from gitsync.format import tree
from gitsync.format.fast_import import CHANGE_TRAILER, NEXT_REF, PURGED_TRAILER, purge_digest
from gitsync.outbox.identity import configured
from gitsync.purge.occurrences import PurgedContent, unquoted

_TRAILER = re.compile(rf"^(Pasteur-Key|{CHANGE_TRAILER}): *([0-9a-z]+)".encode(), re.MULTILINE)
_CHANGE = re.compile(rf"^{CHANGE_TRAILER}: *(\S+)\s*$".encode(), re.MULTILINE)
_COMMIT = b"commit " + NEXT_REF.encode() + b"\n"
_NEW_ROOT = b"reset " + NEXT_REF.encode() + b"\n\n"
_PURGE_MESSAGE = b"A paste was purged\n"
#: The mark of the announcement commit. fast-export counts up from 1 and never gets this far.
_LAST_MARK = b":999999999"
#: An author or committer line in the form that fast-import accepts.
_IDENTITY = re.compile(rb"(author|committer) ([^<>\n\0]* )?<[^<>\n\0]*> \d{1,18} [+-]\d{1,9}\n")
#: Names that newer versions of fast-import refuse.
_RESERVED = {b".", b"..", b".git"}


@dataclass(frozen=True)
class FilteredCommit:
    """A commit's id in the old history, its replacement, and the change recorded in it.

    `replacement` is a mark or an id, or empty if nothing replaces the commit. `change` is empty if it was dropped.
    """

    original: str
    replacement: str
    change: str = ""


@dataclass
class _Commit:
    """A commit in the stream. `changes` are its file commands; `parents` are marks or ids."""

    header: list[bytes] = field(default_factory=list)
    mark: bytes = b""
    original: str = ""
    message: bytes = b""
    parents: list[bytes] = field(default_factory=list)
    changes: list[bytes] = field(default_factory=list)


class StreamFilter:
    """Removes the pastes of `keys` and all occurrences of `content`, which defaults to the folders of these pastes.

    The history is filtered in chunks. After each chunk, `commits` lists the results for its commits, and `tip` is the
    mark or id of the newest commit in the new history. Marks are valid only within one chunk.
    """

    def __init__(self, keys: Sequence[str], content: PurgedContent | None = None) -> None:
        self._keys = {key.encode() for key in keys}
        self._content = content or PurgedContent({tree.folder(key).encode() for key in keys})
        self._replaced: dict[bytes, bytes] = {}
        self._last_date = b"0 +0000"
        self.commits: list[FilteredCommit] = []
        self.tip = ""

    def apply(
        self, stream: IO[bytes], replacement: Callable[[str], str] = lambda oid: oid, *, is_last: bool = True
    ) -> Iterator[bytes]:
        """Yield a chunk for fast-import; after the last chunk, also yield a commit that announces the purge.

        `replacement` returns the replacement for a commit from an earlier chunk, and any other id unchanged.
        """
        self.commits, self._replaced = [], {}
        for commit in _parse(stream):
            yield from self._filter_commit(commit, replacement)
        if is_last:
            yield from self._announcement()

    def _filter_commit(self, commit: _Commit, replacement: Callable[[str], str]) -> Iterator[bytes]:
        changes = [_with_valid_path(change) for change in commit.changes if not self._is_purged(change)]
        parents = [parent for old in commit.parents if (parent := self._new_parent(old, replacement))]
        names_purged = any(key in self._keys for _, key in _TRAILER.findall(commit.message))
        self._last_date = next(b" ".join(line.split()[-2:]) for line in commit.header if line.startswith(b"committer "))
        if not changes and (names_purged or commit.changes) and len(parents) < 2:
            self._replaced[commit.mark] = parents[0] if parents else b""
            self._record(commit, self._replaced[commit.mark])
            return
        message = _PURGE_MESSAGE if names_purged else commit.message
        if not parents:
            yield _NEW_ROOT
        yield _COMMIT + b"mark " + commit.mark + b"\n" + b"".join(commit.header)
        yield b"data %d\n%s\n" % (len(message), message)
        # If a merge loses its first parent, the first remaining parent takes its place.
        for number, parent in enumerate(parents):
            yield (b"merge " if number else b"from ") + parent + b"\n"
        yield from changes
        yield b"\n"
        change = _CHANGE.search(message)
        self._record(commit, commit.mark, change[1].decode(errors="replace") if change else "")

    def _is_purged(self, change: bytes) -> bool:
        line = change.rstrip(b"\n")
        if line.startswith(b"M "):
            _, _, oid, path = line.split(b" ", 3)
            return self._content.includes(path, oid)
        # A deletion. A file that once held purged content may hold something else by now, so only owned paths count.
        return self._content.owns(line.partition(b" ")[2])

    def _new_parent(self, parent: bytes, replacement: Callable[[str], str]) -> bytes:
        """Return the replacement for a parent: a mark if it is in the same chunk, otherwise an id."""
        is_mark = parent.startswith(b":")
        return self._replaced.get(parent, parent) if is_mark else replacement(parent.decode()).encode()

    def _record(self, commit: _Commit, replacement: bytes, change: str = "") -> None:
        self.tip = replacement.decode()
        self.commits.append(FilteredCommit(commit.original, self.tip, change))

    def _announcement(self) -> Iterator[bytes]:
        """Yield a commit that tells other sites sharing the repository which pastes not to publish again.

        It also ensures that the new history has at least one commit: most remotes don't allow deleting the branch.
        """
        identity = f"{configured().committer} ".encode() + self._last_date
        trailers = "".join(f"{PURGED_TRAILER}: {purge_digest(key.decode())}\n" for key in sorted(self._keys))
        message = _PURGE_MESSAGE + b"\n" + trailers.encode()
        yield b"" if self.tip else _NEW_ROOT
        yield _COMMIT + b"mark %s\nauthor %s\ncommitter %s\n" % (_LAST_MARK, identity, identity)
        yield b"data %d\n%s\n" % (len(message), message)
        yield b"from %s\n\n" % self.tip.encode() if self.tip else b"\n"
        self.tip = _LAST_MARK.decode()


def _identity(line: bytes) -> bytes:
    """Return an author or committer line in the form that fast-import accepts; existing commits may have any form."""
    if _IDENTITY.fullmatch(line):
        return line
    keyword, _, rest = line.replace(b"\0", b"").rstrip(b"\n").partition(b" ")
    before, bracket, after = rest.rpartition(b">")
    date = re.search(rb"(?:^|\s)(\d{1,18})(?:\s+([+-]\d{1,9}))?\s*$", after)
    if not bracket:
        before = rest[: date.start()] if date else rest
    name, _, email = before.partition(b"<")
    name, email = (re.sub(rb"[<>]", b"", text).strip() for text in (name, email))
    seconds, zone = (date[1], date[2] or b"+0000") if date else (b"0", b"+0000")
    return b"%s %s<%s> %s %s\n" % (keyword, name and name + b" ", email, seconds, zone)


def _with_valid_path(change: bytes) -> bytes:
    """Return a file command with a path as fast-import accepts it; trees of others may have any names."""
    fields = change.rstrip(b"\n").split(b" ", 3 if change.startswith(b"M ") else 1)
    path = unquoted(fields[-1])
    parts = [b"_" + part if part.lower() in _RESERVED else part for part in path.split(b"/") if part]
    valid = b"/".join(parts) or b"_"
    if valid == path:
        return change
    quoted = valid.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b" ".join([*fields[:-1], b'"%s"' % quoted]) + b"\n"


def _parse(stream: IO[bytes]) -> Iterator[_Commit]:
    """Yield the commits of a stream that contains no blobs; its refs are ignored."""
    commit: _Commit | None = None
    for line in stream:
        keyword = line.split(b" ", 1)[0]
        if keyword == b"commit":
            if commit:
                yield commit
            commit = _Commit()
        elif commit is None or keyword in {b"reset", b"done\n", b"feature"} or line == b"\n":
            if keyword == b"reset" and commit:
                yield commit
                commit = None
        elif keyword == b"mark":
            commit.mark = line[5:].strip()
        elif keyword == b"original-oid":
            commit.original = line[13:].strip().decode()
        elif keyword.rstrip(b"\n") in {b"author", b"committer"}:
            commit.header.append(_identity(line))
        elif keyword == b"encoding":
            commit.header.append(line)
        elif keyword == b"data":
            commit.message = stream.read(int(line[5:]))
        elif keyword in {b"from", b"merge"}:
            commit.parents.append(line.split(b" ", 1)[1].strip())
        else:
            commit.changes.append(line)
    if commit:
        yield commit
