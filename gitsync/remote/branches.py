"""Which branches a repository has, for those who ask for one that is not there."""

from dataclasses import dataclass

from gitsync.errors import BranchMissingError
from gitsync.format.fast_import import plain_line
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository

_BRANCH = "refs/heads/"
_NAMED_AT_MOST = 20


@dataclass(frozen=True)
class Branches:
    """The names of all branches, and the one that clones check out, if there is such a branch."""

    names: list[str]
    default: str

    @property
    def obvious(self) -> str:
        """The branch that is meant when nobody says which: the only one, or the default one."""
        return self.names[0] if len(self.names) == 1 else self.default

    def without(self, branch: str) -> BranchMissingError:
        """Return the error for a branch that is not among them."""
        some = ", ".join(plain_line(name) for name in self.names[:_NAMED_AT_MOST])
        more = f" and {len(self.names) - _NAMED_AT_MOST} more" if len(self.names) > _NAMED_AT_MOST else ""
        return BranchMissingError(f"the repository has no branch {branch}; it has {some}{more}")


def of(remote: Remote, clone: Repository) -> Branches:
    """Ask a repository for its branches."""
    refs = remote.list_refs(clone, "--symref", "--", remote.address.url, "HEAD", f"{_BRANCH}*")
    found = {name.removeprefix(_BRANCH): oid for oid, name in refs if name.startswith(_BRANCH)}
    head = [where.removeprefix(f"ref: {_BRANCH}") for where, name in refs if name == "HEAD"]
    # A server that does not say where HEAD points tells the commit alone.
    same = [name for name, oid in found.items() if oid in head]
    default = next((name for name in head if name in found), same[0] if len(same) == 1 else "")
    return Branches(sorted(found), default)
