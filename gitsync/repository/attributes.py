"""Keeps a `.gitattributes` at the root of the mirror, so that clones on every system have the bytes of each text.

Git for Windows is set up to write other line endings into a clone, and a file that others push could ask for that.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gitsync.format.fast_import import Commit
from gitsync.format.tree import ATTRIBUTES, KEEP_BYTES
from gitsync.repository import history
from gitsync.repository.repository import Repository

_MAX_BYTES = 64 * 1024
_ROOT_TREE_BYTES = 16 * 1024 * 1024


def with_attributes(clone: Repository, tip: str, commits: Iterable[Commit]) -> Iterator[Commit]:
    """Yield the commits to make on `tip`; the first adds the rule to the root unless it is there as the last one."""
    for number, commit in enumerate(commits):
        yield replace(commit, attributes=_missing_attributes(clone, tip)) if number == 0 else commit


def _missing_attributes(clone: Repository, tip: str) -> bytes:
    """Return the file to write: what others wrote, then the rule; empty when nothing has to be written.

    A clone without old texts may lack a file that others wrote. The worker that read in their push has seen to it.
    """
    if not tip:
        return KEEP_BYTES
    with history.objects(clone) as objects:
        rows = objects.tree(f"{tip}^{{tree}}", _ROOT_TREE_BYTES) or ()
        row = next((row for row in rows if row.name == ATTRIBUTES), None)
        if row is None or not row.is_file:
            return KEEP_BYTES
        content = objects.blob(row.oid, _MAX_BYTES)
    if content is None or content.rstrip(b"\n").rpartition(b"\n")[2] == KEEP_BYTES.strip():
        return b""
    return content.rstrip(b"\n") + b"\n" + KEEP_BYTES if content.strip() else KEEP_BYTES
