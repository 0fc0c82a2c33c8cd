"""Takes pastes out of the stream of `git fast-export --no-data --show-original-ids`. Pure: bytes in, bytes out.

The format: https://git-scm.com/docs/git-fast-import#_input_format
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from gitsync.format import tree
from gitsync.format.fast_import import CHANGE_TRAILER, COMMITTER, EMAIL, NEXT_REF, PURGED_TRAILER, told_as_purged
from gitsync.purge.occurrences import Traces

_TRAILER = re.compile(rf"^(Pasteur-Key|{CHANGE_TRAILER}): *([0-9a-z]+)".encode(), re.MULTILINE)
_CHANGE = re.compile(rf"^{CHANGE_TRAILER}: *(\S+)\s*$".encode(), re.MULTILINE)
_COMMIT = b"commit " + NEXT_REF.encode() + b"\n"
_NEW_ROOT = b"reset " + NEXT_REF.encode() + b"\n\n"
_SILENCE = b"A paste was purged\n"
_LAST_MARK = b":999999999"


@dataclass(frozen=True)
class Passed:
    """A commit of the old history, by its id there, and the change that it names, if it is in the new one.

    `now` is what stands for it: a mark, an id, or nothing.
    """

    original: str
    now: str
    change: str = ""


@dataclass
class _Commit:
    header: list[bytes] = field(default_factory=list)
    mark: bytes = b""
    original: str = ""
    message: bytes = b""
    parents: list[tuple[bytes, bytes]] = field(default_factory=list)
    changes: list[bytes] = field(default_factory=list)
    purged: int = 0


class Filter:
    """All but the pastes of these keys, and what is known of their traces elsewhere.

    After each stretch of the history has gone `through`, `passed` says what has become of its commits, and `tip` (a
    mark or an id) where the new history has got to. Marks hold for one stretch.
    """

    def __init__(self, keys: Sequence[str], traces: Traces | None = None) -> None:
        self._keys = {key.encode() for key in keys}
        self._traces = traces or Traces({tree.folder(key).encode() for key in keys})
        self._instead: dict[bytes, bytes] = {}
        self._last_date = b"0 +0000"
        self.passed: list[Passed] = []
        self.tip = ""

    def through(
        self, stream: IO[bytes], now: Callable[[str], str] = lambda oid: oid, *, is_last: bool = True
    ) -> Iterator[bytes]:
        """Yield a stretch for fast-import, and after the last one a commit that tells of the purge.

        `now` says what stands for a commit of earlier stretches, and is told of the ids of others, too.
        """
        self.passed, self._instead = [], {}
        for commit in _commits(stream):
            yield from self._let_through(commit, now)
        if is_last:
            yield from self._announced()

    def _announced(self) -> Iterator[bytes]:
        """Yield a commit that tells other sites which share the repository not to bring anything back.

        Where nothing else is left, there has to be one: a branch cannot point at nothing, and deleting it is mostly
        forbidden.
        """
        who = f"{COMMITTER} <{EMAIL}> ".encode() + self._last_date
        trailers = "".join(f"{PURGED_TRAILER}: {told_as_purged(key.decode())}\n" for key in sorted(self._keys))
        message = _SILENCE + b"\n" + trailers.encode()
        yield b"" if self.tip else _NEW_ROOT
        yield _COMMIT + b"mark %s\nauthor %s\ncommitter %s\n" % (_LAST_MARK, who, who)
        yield b"data %d\n%s\n" % (len(message), message)
        yield b"from %s\n\n" % self.tip.encode() if self.tip else b"\n"
        self.tip = _LAST_MARK.decode()

    def _let_through(self, commit: _Commit, now: Callable[[str], str]) -> Iterator[bytes]:
        commit.changes = [change for change in commit.changes if not self._is_purged(commit, change)]
        parents = [(word, self._now(parent, now)) for word, parent in commit.parents]
        parents = [(word, parent) for word, parent in parents if parent]
        tells = any(key in self._keys for _, key in _TRAILER.findall(commit.message))
        self._last_date = next(b" ".join(line.split()[-2:]) for line in commit.header if line.startswith(b"committer "))
        if not commit.changes and (tells or commit.purged) and len(parents) < 2:
            self._instead[commit.mark] = parents[0][1] if parents else b""
            self._pass(commit, self._instead[commit.mark])
            return
        message = _SILENCE if tells else commit.message
        if not parents:
            yield _NEW_ROOT
        yield _COMMIT + b"mark " + commit.mark + b"\n" + b"".join(commit.header)
        yield b"data %d\n%s\n" % (len(message), message)
        # Without its first parent, a merge goes on from the second one.
        for number, (_, parent) in enumerate(parents):
            yield (b"merge " if number else b"from ") + parent + b"\n"
        yield from commit.changes
        yield b"\n"
        change = _CHANGE.search(message)
        self._pass(commit, commit.mark, change[1].decode(errors="replace") if change else "")

    def _now(self, parent: bytes, now: Callable[[str], str]) -> bytes:
        """Return what stands for a parent, which has a mark in the same stretch, and else an id."""
        return self._instead.get(parent, parent) if parent.startswith(b":") else now(parent.decode()).encode()

    def _pass(self, commit: _Commit, now: bytes, change: str = "") -> None:
        self.tip = now.decode()
        self.passed.append(Passed(commit.original, self.tip, change))

    def _is_purged(self, commit: _Commit, change: bytes) -> bool:
        line = change.rstrip(b"\n")
        if line.startswith(b"M "):
            _, _, oid, path = line.split(b" ", 3)
            is_theirs = self._traces.are_at(path, oid)
        else:  # A file that held a text of theirs may be another one by now, so that taking it away is not of them.
            is_theirs = self._traces.own(line.partition(b" ")[2])
        if not is_theirs:
            return False
        commit.purged += 1
        return True


def _commits(stream: IO[bytes]) -> Iterator[_Commit]:
    """Yield the commits of a stream; there are no blobs in it, and its refs are of no interest."""
    commit: _Commit | None = None
    for line in stream:
        word = line.split(b" ", 1)[0]
        if word == b"commit":
            if commit:
                yield commit
            commit = _Commit()
        elif commit is None or word in {b"reset", b"done\n", b"feature"} or line == b"\n":
            if word == b"reset" and commit:
                yield commit
                commit = None
        elif word == b"mark":
            commit.mark = line[5:].strip()
        elif word == b"original-oid":
            commit.original = line[13:].strip().decode()
        elif word in {b"author", b"committer", b"encoding"}:
            commit.header.append(line)
        elif word == b"data":
            commit.message = stream.read(int(line[5:]))
        elif word in {b"from", b"merge"}:
            commit.parents.append((word, line.split(b" ", 1)[1].strip()))
        else:
            commit.changes.append(line)
    if commit:
        yield commit
