"""Lists the branches of a repository, in case the requested one does not exist."""

from dataclasses import dataclass

from gitsync.errors import BranchMissingError
from gitsync.format.fast_import import plain_line
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository

_BRANCH = "refs/heads/"
_MAX_LISTED = 20


@dataclass(frozen=True)
class Branches:
    """The tips of all branches, keyed by name, and the branch that clones check out, or "" if it does not exist."""

    tips: dict[str, str]
    default: str

    @property
    def names(self) -> list[str]:
        """The names of all branches."""
        return sorted(self.tips)

    @property
    def obvious(self) -> str:
        """The branch to use if none is specified: the only branch, or the default branch."""
        return self.names[0] if len(self.names) == 1 else self.default

    def without(self, branch: str) -> BranchMissingError:
        """Return the error to raise if `branch` does not exist."""
        names = ", ".join(plain_line(name) for name in self.names[:_MAX_LISTED])
        more = f" and {len(self.names) - _MAX_LISTED} more" if len(self.names) > _MAX_LISTED else ""
        return BranchMissingError(f"the repository has no branch {branch}; it has {names}{more}")


def of(remote: Remote, clone: Repository) -> Branches:
    """Return the branches of a repository."""
    refs = remote.list_refs(clone, "--symref", "--", remote.address.url, "HEAD", f"{_BRANCH}*")
    tips = {name.removeprefix(_BRANCH): oid for oid, name in refs if name.startswith(_BRANCH)}
    head = [target.removeprefix(f"ref: {_BRANCH}") for target, name in refs if name == "HEAD"]
    # Old servers send the commit of HEAD, but not its branch.
    candidates = [name for name, oid in tips.items() if oid in head]
    default = next((name for name in head if name in tips), candidates[0] if len(candidates) == 1 else "")
    return Branches(tips, default)
