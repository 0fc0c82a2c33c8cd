"""Creates bare repositories, for servers and for tests."""

from pathlib import Path


def create(path: Path) -> None:
    """Create an empty bare repository with the branch main, like `git init --bare` but without a process."""
    for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (path / folder).mkdir(parents=True)
    (path / "HEAD").write_text("ref: refs/heads/main\n")
    (path / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n")
