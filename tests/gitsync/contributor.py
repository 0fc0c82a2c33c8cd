"""A contributor with a clone of the remote and a work tree, who branches, merges and reverts with Git itself."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

_IDENTITY = ("-c", "user.name=Eve", "-c", "user.email=eve@example.org", "-c", "commit.gpgsign=false")


class Contributor:
    """A clone next to the remote, on `main`. In every mapping of files, None deletes the file."""

    def __init__(self, remote: Path, name: str = "eve") -> None:
        self.folder = remote.with_name(name)
        subprocess.run(["git", "clone", "--quiet", str(remote), str(self.folder)], check=True)

    def git(self, *arguments: str) -> str:
        """Run Git in the work tree and return its output."""
        finished = subprocess.run(
            ["git", *_IDENTITY, *arguments], cwd=self.folder, capture_output=True, check=False, text=True
        )
        assert finished.returncode == 0, f"git {arguments}: {finished.stdout} {finished.stderr}"
        return finished.stdout

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files, and add all changes of the work tree to the index."""
        for path, text in files.items():
            file = self.folder / path
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
        self.git("add", "--all")

    def commit(self, files: Mapping[str, str | None], author: str = "Eve") -> None:
        """Write files and commit them."""
        self.write(files)
        self.git("commit", "--quiet", "--allow-empty", f"--author={author} <eve@example.org>", "--message=By hand")

    def branch(self, name: str, files: Mapping[str, str | None], author: str = "Eve") -> None:
        """Commit files on a new branch that starts at `main`, and switch back to `main`."""
        self.git("switch", "--quiet", "--create", name, "main")
        self.commit(files, author)
        self.git("switch", "--quiet", "main")

    def unrelated(self, name: str, files: Mapping[str, str | None]) -> None:
        """Commit files on a new branch that has no history in common, and switch back to `main`."""
        self.git("switch", "--quiet", "--orphan", name)
        self.commit(files)
        self.git("switch", "--quiet", "main")

    def merge(self, *branches: str, files: Mapping[str, str | None], author: str = "Eve") -> None:
        """Merge branches into `main`, adding files that none of them contains."""
        self.git("merge", "--quiet", "--no-commit", "--no-ff", "--allow-unrelated-histories", *branches)
        self.commit(files, author)

    def push(self) -> None:
        """Push `main`."""
        self.git("push", "--quiet", "origin", "main")
