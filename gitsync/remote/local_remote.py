"""The default remote: a bare repository that Pasteur creates next to the clone, on the same disk.

On a push, the receiving Git process would walk every tree of the old tip to check that nothing is missing. With 200,000
pastes this takes a second, and it grows with each new paste, yet the worker wrote that tip itself. Therefore the clone
shares the remote's objects, its new packs are copied over whole, and the branch is moved by compare-and-swap, as in a
push (docs/adr/0009).
"""

import errno
import os
import shutil
from pathlib import Path

from gitsync.errors import (
    CloneBrokenError,
    DiskFullError,
    GitsyncError,
    RemoteLockedError,
    RemoteMovedError,
    RemoteRefusedError,
    RemoteUnreachableError,
)
from gitsync.repository import housekeeping
from gitsync.repository.pack_index import SUFFIXES, delete
from gitsync.repository.process import NO_SPACE, Finished
from gitsync.repository.repository import Repository

_NO_COMMIT = "0" * 40
_STALE_SECONDS = 30.0
#: This is the second copy of all pastes: it must survive a power cut, and only the worker maintains it, not Git itself.
_CONFIG = {
    "core.fsync": "all",
    "gc.auto": "0",
    "receive.unpackLimit": "1",
    "repack.writeBitmaps": "false",
    "uploadpack.allowFilter": "true",
}


class LocalRemote:
    """The bare repository at `path`, which others may clone and push to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._repository = Repository(path)

    def create(self, branch: str) -> None:
        """Create the repository unless it exists, with `branch` as the default branch for clones.

        It is renamed to its final name once it is on disk: Git does not wait for that, so a power cut could leave empty
        files.
        """
        if (self.path / "HEAD").is_file():
            return
        is_new = not self.path.exists() or not any(self.path.iterdir())
        draft = Repository(self.path.with_name(f"{self.path.name}.new")) if is_new else self._repository
        if is_new:
            draft.discard()
        draft.ask("init", "--bare", "--quiet", f"--initial-branch={branch}", str(draft.path))
        for name, value in _CONFIG.items():
            draft.ask("config", name, value)
        for folder, _, names in os.walk(draft.path):
            for name in (".", *names):
                _sync(Path(folder, name))
        if is_new:
            draft.path.rename(self.path)
        _sync(self.path.parent)

    def tip(self, ref: str) -> str:
        """Return the commit that a ref points to, or an empty string if the ref does not exist."""
        if not (self.path / "HEAD").is_file():
            raise RemoteUnreachableError(f"there is no Git repository at {self.path}")
        try:
            return self._repository.resolve(ref)
        except CloneBrokenError as error:  # This repository is broken, not the clone.
            raise RemoteUnreachableError(f"the branch of {self.path} cannot be read: {error}") from None

    def share_objects(self, clone: Repository) -> None:
        """Let the clone read this repository's objects; delete packs left by a drain whose push never arrived."""
        clone.borrow(self.path / "objects")
        for pack in _packs(clone.path):
            delete(pack)

    def receive(self, clone: Repository, ref: str, *, old: str, new: str) -> None:
        """Receive the clone's packs, then atomically move the branch from `old` to `new`.

        Raise RemoteMovedError if the branch is no longer at `old`. Can also raise RemoteLockedError, RemoteRefusedError
        or DiskFullError.
        """
        packs = _packs(clone.path)
        try:
            for pack in packs:
                _copy_pack(pack, self.path / "objects" / "pack")
        except OSError as error:
            message = f"the default remote cannot receive a pack: {error.strerror}: {error.filename2 or error.filename}"
            is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            raise (DiskFullError if is_full else RemoteUnreachableError)(message) from None
        update = self._repository.run("update-ref", ref, new, old or _NO_COMMIT)
        if update.status:
            raise self._refusal(ref, old, update)
        for pack in packs:
            delete(pack)

    def tidy(self) -> None:
        """Merge small packs in the repository."""
        housekeeping.tidy(self._repository)

    def maintain(self) -> None:
        """Run the maintenance that keeps reads fast."""
        housekeeping.maintain(self._repository)

    def sweep(self) -> None:
        """Remove what killed processes left behind; no running process holds a lock for that long."""
        self._repository.sweep(older_than=_STALE_SECONDS)

    def prune(self) -> None:
        """Delete unreachable objects."""
        housekeeping.prune_unreachable(self._repository)

    def _refusal(self, ref: str, old: str, update: Finished) -> GitsyncError:
        message = update.stderr
        if update.status not in {1, 128}:
            return RemoteUnreachableError(f"git update-ref ended with status {update.status}: {message}")
        if self.tip(ref) != old:
            return RemoteMovedError(message)
        if NO_SPACE.search(message):
            return DiskFullError(message)
        return RemoteLockedError(message) if "lock" in message else RemoteRefusedError(message)


def _packs(repository: Path) -> list[Path]:
    """Return the packs in a repository."""
    return sorted((repository / "objects" / "pack").glob("pack-*.pack"))


def _copy_pack(pack: Path, folder: Path) -> None:
    """Copy the files of a pack to another folder, where each file appears once it is complete and on disk."""
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
        except OSError:  # A different disk, or a file system without hard links.
            _copy(part, draft)
        draft.rename(target)
    _sync(folder)


def _sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as original, target.open("wb") as copy:
        shutil.copyfileobj(original, copy)
        copy.flush()
        os.fsync(copy.fileno())
    target.chmod(0o444)
