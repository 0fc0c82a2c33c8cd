"""Commits on the remote that are not Pasteur's, made with Git itself and without a work tree."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import repository

Row = str | bytes


@dataclass(frozen=True)
class Entry:
    """What is not a plain file: a link (120000) with its target, or a submodule (160000) with its commit."""

    mode: str
    content: bytes


def commit(
    remote: Path,
    rows: Mapping[Row, bytes | Entry | None],
    *,
    author: str = "Eve",
    message: str = "By hand",
    at: int = 1700000000,
) -> str:
    """Put files at the tip of `main`, or take them away (None), in a commit by a person; returns its id.

    `at` is when that is said to have been, in seconds.
    """
    refs = repository.git(remote, "for-each-ref", "refs/heads/main").decode()
    text = message.encode()
    who = f"{author} <eve@example.org> {at} +0000".encode()
    lines = [
        *(b"feature done\ncommit refs/heads/main", b"author " + who, b"committer " + who),
        b"data %d" % len(text) + b"\n" + text,
    ]
    if refs:
        lines.append(b"from refs/heads/main^0")
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
    return repository.tip(remote)
