"""Git itself, run without the product's code and its environment for Git."""

import os
import subprocess
from pathlib import Path

#: Nothing of the user's own configuration, so that every machine measures the same.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
}


def ask(repository: Path, *arguments: str) -> str:
    """Return what a Git command prints."""
    command = ["git", "-c", "safe.directory=*", f"--git-dir={repository}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout.strip()
