"""Looks at real Git repositories with Git itself, independently of the product's code."""

import io
import os
import subprocess
from pathlib import Path

from gitsync.format import tree
from pastes.models import Paste


def git(repository: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """Run Git on a repository and return its output; whatever Git complains of fails the test."""
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-c", "safe.directory=*", f"--git-dir={repository}", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment)
    assert done.returncode == 0, f"git {arguments}: {done.stderr.decode()}"
    return done.stdout


def tip(repository: Path, branch: str = "main") -> str:
    """Return the commit at the branch's tip."""
    return git(repository, "rev-parse", f"refs/heads/{branch}").decode().strip()


def subjects(repository: Path) -> list[str]:
    """Return the subject of every commit, the oldest first."""
    return git(repository, "log", "--reverse", "--format=%s", "main").decode().splitlines()


def changes(repository: Path) -> list[str]:
    """Return the name of the change in every commit's trailers, the oldest first."""
    shown = git(repository, "log", "--reverse", "--format=%(trailers:key=Pasteur-Change,valueonly,separator=)", "main")
    return shown.decode().split()


def commits(repository: Path) -> dict[str, str]:
    """Return the commit of every change, by the change's name."""
    pattern = "--format=%(trailers:key=Pasteur-Change,valueonly,separator=) %H"
    lines = git(repository, "log", pattern, "main").decode().splitlines()
    return dict(line.split() for line in lines if not line.startswith(" "))


def files(repository: Path, branch: str = "main") -> dict[str, bytes]:
    """Return every file at the tip, by its path."""
    rows = [row.partition(b"\t") for row in git(repository, "ls-tree", "-r", "-z", branch).split(b"\0")[:-1]]
    told = io.BytesIO(git(repository, "cat-file", "--batch", stdin=b"".join(row[0].split()[2] + b"\n" for row in rows)))
    found = {}
    for _, _, path in rows:
        _, kind, size = told.readline().split()
        assert kind == b"blob", path
        found[path.decode()] = told.read(int(size))
        told.readline()
    return found


def text(repository: Path, paste: Paste | str, name: str) -> bytes:
    """Return one file of a paste as it lies at the tip."""
    key = paste if isinstance(paste, str) else paste.key
    return git(repository, "cat-file", "blob", f"main:{tree.folder(key)}/{name}")


def assert_sound(repository: Path) -> None:
    """Fail unless Git finds nothing to complain of, however strictly it looks."""
    git(repository, "fsck", "--strict", "--no-dangling")
