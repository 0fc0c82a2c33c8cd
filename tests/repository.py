"""Reads Git repositories for the tests, independently of the product's code."""

import io
import os
import subprocess
from pathlib import Path

from gitsync.format import tree
from pastes.models import Paste


def git(repository: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """Run Git on a repository and return its output; a Git error fails the test."""
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-c", "safe.directory=*", f"--git-dir={repository}", *arguments]
    process = subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment)
    assert process.returncode == 0, f"git {arguments}: {process.stderr.decode()}"
    return process.stdout


def tip(repository: Path, branch: str = "main") -> str:
    """Return the commit at the branch's tip."""
    return git(repository, "rev-parse", f"refs/heads/{branch}").decode().strip()


def subjects(repository: Path) -> list[str]:
    """Return the subject of every commit, oldest first."""
    return git(repository, "log", "--reverse", "--format=%s", "main").decode().splitlines()


def changes(repository: Path) -> list[str]:
    """Return the change recorded in the trailers of each commit, oldest first."""
    names = git(repository, "log", "--reverse", "--format=%(trailers:key=Pasteur-Change,valueonly,separator=)", "main")
    return names.decode().split()


def commits(repository: Path) -> dict[str, str]:
    """Return the commits of all changes, keyed by the name of the change."""
    pattern = "--format=%(trailers:key=Pasteur-Change,valueonly,separator=) %H"
    lines = git(repository, "log", pattern, "main").decode().splitlines()
    return dict(line.split() for line in lines if not line.startswith(" "))


def files(repository: Path, branch: str = "main") -> dict[str, bytes]:
    """Return all files at the tip, keyed by path."""
    rows = [row.partition(b"\t") for row in git(repository, "ls-tree", "-r", "-z", branch).split(b"\0")[:-1]]
    blobs = io.BytesIO(
        git(repository, "cat-file", "--batch", stdin=b"".join(row[0].split()[2] + b"\n" for row in rows))
    )
    contents = {}
    for _, _, path in rows:
        _, kind, size = blobs.readline().split()
        assert kind == b"blob", path
        contents[path.decode()] = blobs.read(int(size))
        blobs.readline()
    return contents


def text(repository: Path, paste: Paste | str, name: str) -> bytes:
    """Return the content of one file of a paste at the tip."""
    key = paste if isinstance(paste, str) else paste.key
    return git(repository, "cat-file", "blob", f"main:{tree.folder(key)}/{name}")


def assert_sound(repository: Path) -> None:
    """Run `git fsck --strict`; any message fails the test."""
    git(repository, "fsck", "--strict", "--no-dangling")
