"""Reads the packs of a repository and their indexes in place: https://git-scm.com/docs/pack-format (version 2)."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import iter_unpack

from gitsync import watchdog
from gitsync.errors import CloneBrokenError

#: The files of a pack, in the order in which they must appear: Git considers a pack complete once it has an index.
SUFFIXES = (".pack", ".rev", ".idx")
_MAGIC = b"\xfftOc\0\0\0\2"
_IDS_START = len(_MAGIC) + 256 * 4
_ID_BYTES, _CRC_BYTES, _OFFSET_BYTES, _LARGE_OFFSET_BYTES = 20, 4, 4, 8
_LARGE_OFFSET = 1 << 31
_POSITION_BITS = 32


def packs(repository: Path) -> dict[Path, int]:
    """Return the number of objects in each pack that may be replaced, keyed by path."""
    counts = {}
    for index in (repository / "objects" / "pack").glob("pack-*.idx"):
        if not any(index.with_suffix(suffix).exists() for suffix in (".keep", ".mtimes")):
            with index.open("rb") as file:
                file.seek(_IDS_START - 4)  # The last of the 256 running totals.
                counts[index.with_suffix(".pack")] = int.from_bytes(file.read(4), "big")
    return counts


def delete(pack: Path) -> None:
    """Delete a pack, its index first."""
    for suffix in (*reversed(SUFFIXES), ".promisor"):
        pack.with_suffix(suffix).unlink(missing_ok=True)


class PackIndex:
    """The index of one pack."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._count = int.from_bytes(content[_IDS_START - 4 : _IDS_START], "big")

    @classmethod
    @contextmanager
    def open(cls, pack: Path) -> Iterator[PackIndex]:
        """Map a pack's index into memory for the duration of the block. Raise CloneBrokenError for unknown versions."""
        with (
            pack.with_suffix(".idx").open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            if content[: len(_MAGIC)] != _MAGIC:
                raise CloneBrokenError(f"{pack.stem} has an index of an unknown version")
            yield cls(content)

    def ids(self) -> Iterator[str]:
        """Yield the id of every object, in ascending order."""
        return map(self._id, range(self._count))

    def ids_in_pack_order(self) -> Iterator[str]:
        """Yield the id of every object in the order of the pack, using 44 bytes of memory per object."""
        for number in sorted(offset << _POSITION_BITS | position for position, offset in enumerate(self._offsets())):
            yield self._id(number & ((1 << _POSITION_BITS) - 1))

    def _id(self, position: int) -> str:
        watchdog.beat()
        start = _IDS_START + position * _ID_BYTES
        return self._content[start : start + _ID_BYTES].hex()

    def _offsets(self) -> Iterator[int]:
        start = _IDS_START + self._count * (_ID_BYTES + _CRC_BYTES)
        end = start + self._count * _OFFSET_BYTES
        for (offset,) in iter_unpack(">I", self._content[start:end]):
            if offset >= _LARGE_OFFSET:
                large = end + (offset - _LARGE_OFFSET) * _LARGE_OFFSET_BYTES
                yield int.from_bytes(self._content[large : large + _LARGE_OFFSET_BYTES], "big")
            else:
                yield offset
