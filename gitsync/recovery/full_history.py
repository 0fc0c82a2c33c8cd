"""Fetches the whole history of a branch into a temporary clone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from gitsync.remote import branches
from gitsync.remote.git_remote import Remote
from gitsync.repository.access import temporary_clone
from gitsync.repository.repository import Repository
from gitsync.sync.resync import LOCK_SECONDS


@dataclass(frozen=True)
class FullHistory:
    """A clone with all commits and blobs of a branch; the tip of an empty repository is an empty string."""

    clone: Repository
    tip: str
    branch: str


@contextmanager
def fetch_full_history(remote: Remote, *, allow_other_branch: bool = False) -> Iterator[FullHistory]:
    """Fetch a remote's branch into a clone that is deleted at the end of the block.

    If `allow_other_branch` is true and the branch is missing, use the repository's only or default branch instead.
    Raise BranchMissingError if the repository has branches, but not the requested one.
    """
    with temporary_clone("history.git", wait=LOCK_SECONDS) as clone:
        tip = remote.fetch_all(clone)
        existing = branches.of(remote, clone) if not tip else None
        if existing and existing.names:
            if not allow_other_branch or not existing.obvious:
                raise existing.without(remote.branch)
            remote = replace(remote, branch=existing.obvious)
            tip = remote.fetch_all(clone)
        yield FullHistory(clone, tip, remote.branch)
