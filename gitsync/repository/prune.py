"""Deletes from a large repository what no branch reaches, in memory that does not grow with the repository.

`git repack` and `git prune` keep a table of all objects: 270 bytes for each of eight that a paste of one file has. So
the ids of what is reached are laid out in files here, by their first byte, and compared with the indexes of the packs.
A pack that holds anything else is written anew, some hundred thousand objects at a time (docs/adr/0026).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, cast

from gitsync import watchdog
from gitsync.errors import CloneBrokenError
from gitsync.repository import repack
from gitsync.repository.process import feed

if TYPE_CHECKING:
    from gitsync.repository.repository import Repository

#: So many commits are asked about by one process, which remembers them.
_COMMITS_AT_ONCE = 50_000
_PARTS = 64
_WIDTH = 256 // _PARTS
_ID_BYTES = 20
_FAR = 1 << 31
#: Everything that a commit has and that one of its parents does not, folders too.
_NEW = ("--stdin", "--always", "-r", "-t", "-m", "--root", "--raw", "--no-abbrev", "--no-renames", "--format=%H %T")
#: The mode of what names a commit of another repository, and does not hold on to one of this.
_SUBMODULE = b"160000"
#: What is taken from one pack to another as it is, and not compared with anything.
_OPTIONS = ("--quiet", "--delta-base-offset", "--non-empty", "--window=0")


def in_parts(repository: Repository) -> bool:
    """Delete what no branch reaches, or return False where that is Git's to do, because it is little or unusual.

    Raises CloneBrokenError, and deletes nothing, when something that is reached is missing.
    """
    sizes = dict(repack.sizes(repository.path))
    loose = _loose(repository.path)
    if not sizes and not loose:
        return True
    if sum(sizes.values()) <= repack.JOINED_OBJECTS or not _is_usual(repository):
        return False
    with ExitStack() as stack, _reached(repository) as reached:
        indexes = [stack.enter_context(_opened(pack)) for pack in sizes]
        spoiled = dict.fromkeys(indexes, 0)
        for part in range(_PARTS):
            kept = reached(part)
            for index in indexes:
                spoiled[index] += sum(oid not in kept for oid in index.ids(part))
                watchdog.beat()
            for oid in [oid for oid in loose if oid[0] // _WIDTH == part and oid not in kept]:
                loose[oid].unlink()
        for index in [index for index, count in spoiled.items() if count]:
            _write_anew(repository, index, reached)
    return True


class _Index:
    """The index of a pack, version 2, mapped: https://git-scm.com/docs/pack-format."""

    def __init__(self, pack: Path, content: mmap.mmap) -> None:
        self.pack, self._content = pack, content
        self._counts = memoryview(content[8 : 8 + 1024]).cast("B")
        self.size = self._count(255)
        self._ids = 8 + 1024
        self._offsets = self._ids + self.size * (_ID_BYTES + 4)
        if content[:8] != b"\xfftOc\0\0\0\2":
            raise CloneBrokenError(f"{pack.stem} has an index of an unknown version")

    def ids(self, part: int) -> Iterator[bytes]:
        """Yield the ids of a part, in their order."""
        content, start = self._content, self._ids
        for number in self._numbers(part):
            at = start + number * _ID_BYTES
            yield content[at : at + _ID_BYTES]

    def places(self, part: int) -> Iterator[tuple[int, bytes]]:
        """Yield where each object of a part lies in the pack, and its id."""
        for number, oid in zip(self._numbers(part), self.ids(part), strict=True):
            at = self._number_at(self._offsets + 4 * number, 4)
            if at >= _FAR:
                at = self._number_at(self._offsets + 4 * self.size + 8 * (at - _FAR), 8)
            yield at, oid

    def _numbers(self, part: int) -> range:
        first = part * _WIDTH
        return range(self._count(first - 1) if first else 0, self._count(first + _WIDTH - 1))

    def _count(self, byte: int) -> int:
        return int.from_bytes(self._counts[4 * byte : 4 * byte + 4], "big")

    def _number_at(self, at: int, size: int) -> int:
        return int.from_bytes(self._content[at : at + size], "big")


@contextmanager
def _opened(pack: Path) -> Iterator[_Index]:
    with (
        pack.with_suffix(".idx").open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        yield _Index(pack, content)


class _Reached:
    """The ids of all that is reached, in a file for each part. Called with a part, it returns those."""

    def __init__(self, files: Sequence[IO[bytes]]) -> None:
        self._files = files

    def __call__(self, part: int) -> frozenset[bytes]:
        self._files[part].seek(0)
        content = self._files[part].read()
        return frozenset(content[at : at + _ID_BYTES] for at in range(0, len(content), _ID_BYTES))


@contextmanager
def _reached(repository: Repository) -> Iterator[_Reached]:
    with ExitStack() as stack:
        files = [stack.enter_context(TemporaryFile(dir=repository.path)) for _ in range(_PARTS)]
        for told in _ids(repository):
            oid = bytes.fromhex(told.decode())
            files[oid[0] // _WIDTH].write(oid)
        yield _Reached(files)


def _ids(repository: Repository) -> Iterator[bytes]:
    """Yield the id of every object that a branch reaches, many of them several times."""
    with repository.reading("rev-list", "--all") as process:
        commits = cast("IO[bytes]", process.stdout)
        while some := list(islice(commits, _COMMITS_AT_ONCE)):
            yield from _ids_of(repository, some)
        if process.wait():
            raise CloneBrokenError("git rev-list could not read the history")


def _ids_of(repository: Repository, commits: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the ids of commits, of their trees, and of all that they have brought."""
    untold = len(commits)
    with repository.reading("diff-tree", *_NEW) as process:
        feed(process, b"".join(commits))
        for line in cast("IO[bytes]", process.stdout):
            if line.startswith(b":"):
                _, mode, _, oid, _ = line.split(b" ", 4)
                if mode != _SUBMODULE:
                    yield oid
            elif words := line.split():
                watchdog.beat()
                untold -= 1
                yield from words
        if process.wait() or untold > 0:
            raise CloneBrokenError("git diff-tree could not read the history")


def _write_anew(repository: Repository, index: _Index, reached: _Reached) -> None:
    """Make packs of what is reached in a pack, which goes; what lies together there does so in them as well."""
    count = -(-index.size // repack.JOINED_OBJECTS)
    bytes_each = index.pack.stat().st_size // count + 1
    made = set[str]()
    with ExitStack() as stack:
        files = [stack.enter_context(TemporaryFile(dir=repository.path)) for _ in range(count)]
        for part in range(_PARTS):
            kept = reached(part)
            for at, oid in index.places(part):
                if oid in kept:
                    files[at // bytes_each].write(at.to_bytes(8, "big") + oid)
            watchdog.beat()
        for file in files:
            made.update(_packed(repository, file))
    if index.pack.stem not in made:
        repack.delete(index.pack)


def _packed(repository: Repository, file: IO[bytes]) -> Iterator[str]:
    """Make packs of objects, in the order of their places, and yield their names."""
    file.seek(0)
    content, row = file.read(), 8 + _ID_BYTES
    rows = iter(sorted(content[at : at + row] for at in range(0, len(content), row)))
    del content
    name = str(repository.path / "objects" / "pack" / "pack")
    while told := b"".join(b"%s\n" % one[8:].hex().encode() for one in islice(rows, repack.JOINED_OBJECTS)):
        yield f"pack-{repository.ask('pack-objects', *_OPTIONS, name, stdin=told).decode().strip()}"


def _is_usual(repository: Repository) -> bool:
    """Whether there are branches alone, all of history, and packs with an index each."""
    odd = ("shallow", "objects/pack/multi-pack-index", "objects/pack/*.keep", "objects/pack/*.mtimes")
    if any(True for pattern in odd for _ in repository.path.glob(pattern)):
        return False
    refs = repository.ask("for-each-ref", "--format=%(refname)").decode().split()
    return all(ref.startswith(("refs/heads/", "refs/pasteur/")) for ref in refs)


def _loose(path: Path) -> dict[bytes, Path]:
    """Return the files of all objects that lie in no pack."""
    files = path.glob("objects/[0-9a-f][0-9a-f]/*")
    named = ((f"{file.parent.name}{file.name}", file) for file in files)
    return {bytes.fromhex(name): file for name, file in named if len(name) == 2 * _ID_BYTES and name.isalnum()}
