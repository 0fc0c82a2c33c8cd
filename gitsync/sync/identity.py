"""Detects a remote that no longer has this site's pastes because it was replaced or its branch was renamed."""

from dataclasses import replace

from gitsync.errors import BranchRenamedError, UnrelatedError
from gitsync.format import tree
from gitsync.format.fast_import import plain_line, purge_digest
from gitsync.models import Change, Mirror
from gitsync.outbox.eligibility import mirrored
from gitsync.remote import branches
from gitsync.remote.git_remote import Remote
from gitsync.repository import history
from gitsync.repository.batches import in_batches
from gitsync.repository.repository import Repository

_AT_ONCE = 500


def check(mirror: Mirror, clone: Repository, tip: str) -> None:
    """Raise UnrelatedError or BranchRenamedError unless this site has pushed to the branch, which is now at `tip`.

    On the first contact with a remote, before anything was pushed, any branch is accepted, and so is an empty
    repository.
    """
    if tip:
        is_first_contact = not mirror.tip and not Change.objects.exclude(commit="").exists()
        if not is_first_contact and not _is_related(mirror, clone, tip):
            raise UnrelatedError(
                f"the branch {mirror.branch} is now at {tip[:10]}, whose history contains no paste from this site"
            )
    elif mirror.tip and (name := _renamed_to(mirror.tip, clone)):
        raise BranchRenamedError(f"the branch {mirror.branch} no longer exists; {name} has its commits")


def _is_related(mirror: Mirror, clone: Repository, tip: str) -> bool:
    """Return whether a history has anything in common with this site: a commit, change, announced purge, or folder.

    After a rewrite by a purge, or after a manual squash, there are no common commits.
    """
    if mirror.tip and clone.have_common_ancestor(mirror.tip, tip):
        return True
    if any(_is_own_change(names) for names in in_batches((name for name, _ in history.changes(clone, tip)), _AT_ONCE)):
        return True
    digests = history.purged(clone, tip)
    keys = Change.objects.order_by("key").values_list("key", flat=True).distinct()
    if digests and any(purge_digest(key) in digests for key in keys.iterator(chunk_size=2_000)):
        return True
    pastes = mirrored().order_by("pk").values_list("key", flat=True).iterator(chunk_size=_AT_ONCE)
    return any(any(clone.tree_oids(tip, map(tree.folder, keys)).values()) for keys in in_batches(pastes, _AT_ONCE))


def _is_own_change(names: list[str]) -> bool:
    keys = {name.rpartition(".")[0] for name in names}
    return any(change.name in names for change in Change.objects.filter(key__in=keys))


def _renamed_to(tip: str, clone: Repository) -> str:
    """Return the name of another branch that contains the commit `tip`, or an empty string if there is none."""
    remote = Remote.configured()
    listing = branches.of(remote, clone)
    for name, oid in listing.tips.items():
        if oid == tip or (clone.has(oid) and clone.is_ancestor(tip, oid)):
            return plain_line(name)
    default = replace(remote, branch=listing.default)
    if listing.default and clone.is_ancestor(tip, default.fetch(clone, tip)):
        return plain_line(listing.default)
    return ""
