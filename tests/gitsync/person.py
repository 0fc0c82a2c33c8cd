"""Somebody with a clone of the remote and a work tree, who works as people do: branches, merges, reverts."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

_WHO = ("-c", "user.name=Eve", "-c", "user.email=eve@example.org", "-c", "commit.gpgsign=false")


class Person:
    """A clone beside the remote, on `main`."""

    def __init__(self, remote: Path, name: str = "eve") -> None:
        self.folder = remote.with_name(name)
        subprocess.run(["git", "clone", "--quiet", str(remote), str(self.folder)], check=True)

    def git(self, *arguments: str) -> str:
        """Run Git in the work tree and return its output."""
        done = subprocess.run(["git", *_WHO, *arguments], cwd=self.folder, capture_output=True, check=False, text=True)
        assert done.returncode == 0, f"git {arguments}: {done.stdout} {done.stderr}"
        return done.stdout

    def write(self, rows: Mapping[str, str | None]) -> None:
        """Write files, or delete them (None), and add all that there is to the next commit."""
        for path, text in rows.items():
            file = self.folder / path
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
        self.git("add", "--all")

    def commit(self, rows: Mapping[str, str | None], author: str = "Eve") -> None:
        """Commit files."""
        self.write(rows)
        self.git("commit", "--quiet", "--allow-empty", f"--author={author} <eve@example.org>", "--message=By hand")

    def branch(self, name: str, rows: Mapping[str, str | None], author: str = "Eve") -> None:
        """Commit files on a new branch that starts at `main`, and go back to `main`."""
        self.git("switch", "--quiet", "--create", name, "main")
        self.commit(rows, author)
        self.git("switch", "--quiet", "main")

    def unrelated(self, name: str, rows: Mapping[str, str | None]) -> None:
        """Commit files on a branch that has nothing before it, and go back to `main`."""
        self.git("switch", "--quiet", "--orphan", name)
        self.commit(rows)
        self.git("switch", "--quiet", "main")

    def merge(self, *branches: str, rows: Mapping[str, str | None], author: str = "Eve") -> None:
        """Merge branches into `main`, with what none of them says."""
        self.git("merge", "--quiet", "--no-commit", "--no-ff", "--allow-unrelated-histories", *branches)
        self.commit(rows, author)

    def push(self) -> None:
        """Push `main`."""
        self.git("push", "--quiet", "origin", "main")
