"""Creates commits on the remote that do not come from Pasteur, using only Git and no work tree."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import repository

Row = str | bytes


@dataclass(frozen=True)
class Entry:
    """An entry that is not a regular file: a link (120000) with its target, or a submodule (160000) with its commit."""

    mode: str
    content: bytes


def commit(
    remote: Path,
    rows: Mapping[Row, bytes | Entry | None],
    *,
    author: str = "Eve",
    message: str = "By hand",
    at: int = 1700000000,
    branch: str = "main",
) -> str:
    """Commit files to the tip of a branch, or delete those that are None, and return the commit's id.

    `at` is used as both the author date and the committer date, in seconds.
    """
    refs = repository.git(remote, "for-each-ref", f"refs/heads/{branch}").decode()
    text = message.encode()
    identity = f"{author} <eve@example.org> {at} +0000".encode()
    lines = [
        *(f"feature done\ncommit refs/heads/{branch}".encode(), b"author " + identity, b"committer " + identity),
        b"data %d" % len(text) + b"\n" + text,
    ]
    if refs:
        lines.append(f"from refs/heads/{branch}^0".encode())
    for row, entry in rows.items():
        path = row if isinstance(row, bytes) else row.encode()
        if entry is None:
            lines.append(b"D " + path)
        elif isinstance(entry, bytes):
            lines.append(b"M 100644 inline " + path + b"\ndata %d\n" % len(entry) + entry)
        elif entry.mode == "160000":
            lines.append(b"M 160000 " + entry.content + b" " + path)
        else:
            lines.append(
                b"M %s inline " % entry.mode.encode() + path + b"\ndata %d\n" % len(entry.content) + entry.content
            )
    repository.git(remote, "fast-import", "--quiet", stdin=b"\n".join([*lines, b"", b"done", b""]))
    return repository.git(remote, "rev-parse", f"refs/heads/{branch}").decode().strip()
