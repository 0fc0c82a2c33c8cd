"""The default remote: a bare repository of our own, beside the clone and on the same disk.

A push would make Git's receiving side walk every tree of the old tip, to see that nothing is missing: a second at
200,000 pastes, and more with each that comes. We wrote that tip ourselves. So the clone borrows the remote's objects,
its new packs are handed over whole, and then the branch moves by compare-and-swap, as in a push (docs/adr/0009).
"""

import errno
import os
import shutil
from pathlib import Path

from gitsync.errors import (
    DiskFullError,
    GitsyncError,
    RemoteLockedError,
    RemoteMovedError,
    RemoteRefusedError,
    RemoteUnreachableError,
)
from gitsync.repository import housekeeping
from gitsync.repository.pack_index import SUFFIXES, delete
from gitsync.repository.process import NO_SPACE
from gitsync.repository.repository import Repository

_NO_COMMIT = "0" * 40
_STALE_SECONDS = 30.0
#: It is the second copy: it survives a power cut, and the worker keeps it tidy, not a process behind its back.
_CONFIG = {
    "core.fsync": "all",
    "gc.auto": "0",
    "receive.unpackLimit": "1",
    "repack.writeBitmaps": "false",
    "uploadpack.allowFilter": "true",
}


class OwnRemote:
    """The bare repository at `path`. Others may clone it, and push to it as to any other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._repository = Repository(path)

    def make(self, branch: str) -> None:
        """Make it, empty, with `branch` as what its clones check out; what is there is left alone.

        It appears whole and on disk under its name: Git itself would not wait for the disk here, and a power cut leave
        empty files, which no later look could tell from a repository that somebody has damaged.
        """
        if (self.path / "HEAD").is_file():
            return
        is_new = not self.path.exists() or not any(self.path.iterdir())
        made = Repository(self.path.with_name(f"{self.path.name}.new")) if is_new else self._repository
        if is_new:
            made.discard()
        made.ask("init", "--bare", "--quiet", f"--initial-branch={branch}", str(made.path))
        for name, value in _CONFIG.items():
            made.ask("config", name, value)
        for folder, _, names in os.walk(made.path):
            for name in (".", *names):
                _sync(Path(folder, name))
        if is_new:
            made.path.rename(self.path)
        _sync(self.path.parent)

    def tip(self, ref: str) -> str:
        """Return the commit that a branch points at, or the empty string."""
        if not (self.path / "HEAD").is_file():
            raise RemoteUnreachableError(f"there is no Git repository at {self.path}")
        return self._repository.resolve(ref)

    def lend_to(self, clone: Repository) -> None:
        """Let the clone read our objects; what an earlier drain left there and never handed over goes."""
        clone.borrow(self.path / "objects")
        for pack in _packs(clone.path):
            delete(pack)

    def take(self, clone: Repository, ref: str, *, old: str, new: str) -> None:
        """Take the clone's packs, then move the branch from `old` to `new`, or not at all.

        Raises RemoteMovedError when it no longer stands at `old`, or DiskFullError.
        """
        packs = _packs(clone.path)
        try:
            for pack in packs:
                _hand_over(pack, self.path / "objects" / "pack")
        except OSError as error:
            raise _trouble(error) from None
        moved = self._repository.run("update-ref", ref, new, old or _NO_COMMIT)
        if moved.status:
            raise self._why_not(ref, old, moved.stderr)
        for pack in packs:
            delete(pack)

    def tidy(self) -> None:
        """Join small packs."""
        housekeeping.tidy(self._repository)

    def maintain(self) -> None:
        """Keep it fast to read, for us and for those who clone it."""
        housekeeping.maintain(self._repository)

    def sweep(self) -> None:
        """Remove what a process that was killed left here; a living one keeps no lock for so long."""
        self._repository.sweep(older_than=_STALE_SECONDS)

    def prune(self) -> None:
        """Delete what no branch reaches."""
        housekeeping.prune_unreachable(self._repository)

    def _why_not(self, ref: str, old: str, words: str) -> GitsyncError:
        if self.tip(ref) != old:
            return RemoteMovedError(words)
        if NO_SPACE.search(words):
            return DiskFullError(words)
        return RemoteLockedError(words) if "lock" in words else RemoteRefusedError(words)


def _packs(repository: Path) -> list[Path]:
    """Return the packs of a repository, by the name of their largest part."""
    return sorted((repository / "objects" / "pack").glob("pack-*.pack"))


def _hand_over(pack: Path, folder: Path) -> None:
    """Make the parts of a pack appear in another folder, each whole and on disk."""
    for part in (pack.with_suffix(ending) for ending in SUFFIXES):
        target = folder / part.name
        if not part.exists() or target.exists():
            continue
        draft = folder / f"tmp_{part.name}"
        draft.unlink(missing_ok=True)
        try:
            os.link(part, draft)
        except FileNotFoundError:
            raise
        except OSError:  # Another disk, or one that knows no second name for a file.
            _copy(part, draft)
        draft.rename(target)
    _sync(folder)


def _sync(path: Path) -> None:
    """Wait until a file or a folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as given, target.open("wb") as taken:
        shutil.copyfileobj(given, taken)
        taken.flush()
        os.fsync(taken.fileno())
    target.chmod(0o444)


def _trouble(error: OSError) -> GitsyncError:
    words = f"the default remote cannot take a pack: {error.strerror}: {error.filename2 or error.filename}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(words)
    return RemoteUnreachableError(words)
